/**
 * Error texts as programs print them, for each known text at least one for each of its forms. Accounts, roles
 * and IDs are invented.
 */
export const examples: Readonly<Record<string, readonly string[]>> = {
  'sts-refuses-token': [
    `{"level":"error","ts":1657324768.868449,"logger":"controller-runtime.manager.controller.targetGroupBinding","msg":"Reconciler error","name":"k8s-default-backends-6d61d3952a","namespace":"default","error":"WebIdentityErr: failed to retrieve credentials\\ncaused by: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity\\n\\tstatus code: 403, request id: 5c3f9ce5-ba7d-495e-98b1-ffcd5cf85133"}`,
    'botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity',
    'com.amazonaws.services.securitytoken.model.AWSSecurityTokenServiceException: Not authorized to perform sts:AssumeRoleWithWebIdentity (Service: AWSSecurityTokenService; Status Code: 403; Error Code: AccessDenied; Request ID: 83bfc431-3733-11e4-90c0-6dbe37b9d930; Proxy: null)',
    'Unhandled exception. Amazon.Runtime.AmazonClientException: Error calling AssumeRole for role arn:aws:iam::111122223333:role/cart ---> Amazon.SecurityToken.AmazonSecurityTokenServiceException: Not authorized to perform sts:AssumeRoleWithWebIdentity',
    'AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity\n    at throwDefaultError (/app/node_modules/@aws-sdk/smithy-client/dist-cjs/default-error-handler.js:8:22)'
  ],
  'cloudtrail-web-identity-denied': [
    `{"eventVersion":"1.11","userIdentity":{"type":"WebIdentityUser","principalId":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:sts.amazonaws.com:system:serviceaccount:shop:cart","userName":"system:serviceaccount:shop:cart","identityProvider":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"},"eventTime":"2026-11-24T08:12:31Z","eventSource":"sts.amazonaws.com","eventName":"AssumeRoleWithWebIdentity","awsRegion":"us-east-1","sourceIPAddress":"10.0.3.7","userAgent":"aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 md/GOOS#linux md/GOARCH#amd64 api/sts#1.30.3","errorCode":"AccessDenied","errorMessage":"An unknown error occurred","requestParameters":{"roleArn":"arn:aws:iam::111122223333:role/team/cart","roleSessionName":"1732435951"}}`,
    `"CloudTrailEvent": "{\\"errorCode\\": \\"AccessDenied\\", \\"errorMessage\\": \\"An unknown error occurred\\", \\"eventName\\": \\"AssumeRoleWithWebIdentity\\", \\"eventSource\\": \\"sts.amazonaws.com\\"}"`
  ],
  'no-oidc-provider': [
    'E0416 12:40:46.016106       1 healthcheck.go:38] Controller health check failed: [ec2.DescribeTagsWithContext]: WebIdentityErr: failed to retrieve credentials\ncaused by: InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE\n\tstatus code: 400, request id: 3714365f-c50b-4cae-b958-917eb6a34b50',
    'InvalidIdentityTokenException: No OpenIDConnect provider found in your account for https://oidc.eks.cn-north-1.amazonaws.com.cn/id/EXAMPLED539D4633E53DE1B71EXAMPLE\n    at de_InvalidIdentityTokenExceptionRes (/app/node_modules/@aws-sdk/client-sts/dist-cjs/protocols/Aws_query.js:436:23)',
    'failed to refresh cached credentials, failed to retrieve credentials, operation error STS: AssumeRoleWithWebIdentity, exceeded maximum number of attempts, 3, https response error StatusCode: 400, RequestID: 15810d8a-d7cf-4cf6-a789-344247a93714, InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE'
  ],
  'wrong-token-audience': [
    'An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: Incorrect token audience'
  ],
  'no-verification-key': [
    "An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
    `body: SdkBody { inner: Once(Some(b"<ErrorResponse xmlns=\\"https://sts.amazonaws.com/doc/2011-06-15/\\">\\n  <Error>\\n    <Type>Sender</Type>\\n    <Code>InvalidIdentityToken</Code>\\n    <Message>Couldn&apos;t retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements</Message>`,
    'An error occurred (IDPCommunicationError) when calling the AssumeRoleWithWebIdentity operation'
  ],
  'wrong-thumbprint': [
    "An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"
  ],
  'token-expired': [
    'botocore.errorfactory.ExpiredTokenException: An error occurred (ExpiredTokenException) when calling the AssumeRoleWithWebIdentity operation: Token expired: current date/time 1626271164 must be before the expiration date/time1626191469',
    'An error occurred (ExpiredTokenException) when calling the AssumeRoleWithWebIdentity operation: Token too old: 441398'
  ],
  'session-expired': [
    'ExpiredTokenException: The security token included in the request is expired    at deserializeAws_json1_0UpdateItemCommandError (/app/node_modules/@aws-sdk/client-dynamodb/dist-cjs/protocols/Aws_json1_0.js:4014:41)',
    'error validating provider credentials: error calling sts:GetCallerIdentity: operation error STS: GetCallerIdentity, https response error StatusCode: 403, RequestID: 76ce0a10-f79e-44c9-85fb-4eefb20d6d7b, api error ExpiredToken: The security token included in the request is expired'
  ],
  'unknown-key': [
    'An error occurred (InvalidClientTokenId) when calling the GetCallerIdentity operation: The security token included in the request is invalid.'
  ],
  'role-arn-invalid': [
    'An error occurred (ValidationError) when calling the AssumeRoleWithWebIdentity operation: Request ARN is invalid',
    "api error ValidationError: 1 validation error detected: Value 'team/cart' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20"
  ],
  'role-arn-unset': [
    '2020/08/02 20:51:43 I! 2020/08/02 20:51:40 E! [EC2] getting new session info:  WebIdentityErr: role ARN is not set'
  ],
  'token-unreadable': [
    'time="2019-09-11T07:31:53Z" level=error msg="WebIdentityErr: unable to read file at /var/run/secrets/eks.amazonaws.com/serviceaccount/token\\ncaused by: open /var/run/secrets/eks.amazonaws.com/serviceaccount/token: permission denied"',
    "PermissionError: [Errno 13] Permission denied: '/var/run/secrets/eks.amazonaws.com/serviceaccount/token'",
    "System.InvalidOperationException: A token could not be loaded from the WebIdentityTokenFile.\n ---> System.UnauthorizedAccessException: Access to the path '/var/run/secrets/eks.amazonaws.com/serviceaccount/token' is denied."
  ],
  'token-file-missing': [
    'WebIdentityErr: failed fetching WebIdentity token: \ncaused by: WebIdentityErr: unable to read file at /var/run/secrets/eks.amazonaws.com/serviceaccount/token\ncaused by: open /var/run/secrets/eks.amazonaws.com/serviceaccount/token: no such file or directory',
    "FileNotFoundError: [Errno 2] No such file or directory: '/var/run/secrets/eks.amazonaws.com/serviceaccount/token'",
    "STSAssumeRoleWithWebIdentityCredentialsProvider Can't open token file: /var/run/secrets/eks.amazonaws.com/serviceaccount/token",
    "System.IO.DirectoryNotFoundException: Could not find a part of the path '/var/run/secrets/eks.amazonaws.com/serviceaccount/token'."
  ],
  'sts-module-missing': [
    "2024-03-01 WARN WebIdentityCredentialsUtils - To use web identity tokens, the 'sts' service module must be on the class path."
  ],
  'sts-unreachable': [
    'WebIdentityErr: failed to retrieve credentials\\ncaused by: RequestError: send request failed\\ncaused by: Post \\"https://sts.us-east-1.amazonaws.com/\\": dial tcp: lookup sts.us-east-1.amazonaws.com: i/o timeout',
    'operation error STS: AssumeRoleWithWebIdentity, exceeded maximum number of attempts, 3, request send failed, Post "https://sts.eu-west-1.amazonaws.com/": dial tcp 67.220.226.10:443: i/o timeout',
    'operation error STS: AssumeRoleWithWebIdentity, https response error StatusCode: 0, RequestID: , request send failed, Post "https://sts.eu-west-1.amazonaws.com/": context deadline exceeded',
    'botocore.exceptions.EndpointConnectionError: Could not connect to the endpoint URL: "https://sts.eu-west-1.amazonaws.com/"',
    'botocore.exceptions.ConnectTimeoutError: Connect timeout on endpoint URL: "https://sts.eu-west-1.amazonaws.com/"',
    'Error: getaddrinfo ENOTFOUND sts.eu-west-1.amazonaws.com'
  ],
  'web-identity-error': [
    'Failed to create AWS Manager: cannot autodiscover ASGs: WebIdentityErr: failed to retrieve credentials',
    'WebIdentityErr: failed fetching WebIdentity token: ',
    'time="2026-11-24T08:12:31Z" level=fatal msg="failed to list hosted zones: operation error Route 53: ListHostedZones, get identity: get credentials: failed to refresh cached credentials, failed to retrieve credentials, operation error STS: AssumeRoleWithWebIdentity, exceeded maximum number of attempts"',
    'Amazon.Runtime.AmazonClientException: Error calling AssumeRole for role arn:aws:iam::111122223333:role/cart',
    'System.InvalidOperationException: A token could not be loaded from the WebIdentityTokenFile.',
    'Caused by: org.apache.hadoop.fs.s3a.auth.NoAuthWithAWSException: No AWS Credentials provided by WebIdentityTokenCredentialsProvider'
  ],
  'node-identity': [
    `{
    "UserId": "AROAEXAMPLEEXAMPLE:i-0bfc4291dd0acd279",
    "Account": "111122223333",
    "Arn": "arn:aws:sts::111122223333:assumed-role/eks-node/i-0bfc4291dd0acd279"
}`
  ],
  'eks-may-not-assume': [
    'Error when retrieving credentials from container-role: Error retrieving metadata: Received non 200 response 400 from container metadata: [b69b1279-d140-4eee-b7ea-b124286f544c]: (AccessDeniedException): Unauthorized Exception! EKS does not have permissions to assume the associated role., fault: client\n\ncommand terminated with exit code 255',
    'failed to refresh cached credentials, failed to load credentials,\nUnauthorized Exception! EKS does not have permissions to assume the associated role., fault: client'
  ],
  'cloudtrail-pod-identity-denied': [
    `{"userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/eks-node/i-0bfc4291dd0acd279"},"eventSource":"eks-auth.amazonaws.com","eventName":"AssumeRoleForPodIdentity","awsRegion":"us-west-2","sourceIPAddress":"10.0.3.7","userAgent":"aws-sdk-go-v2","errorCode":"AccessDenied","requestParameters":{"clusterName":"prod"}}`,
    `{"errorCode":"AccessDenied","eventName":"AssumeRoleForPodIdentity","eventSource":"eks-auth.amazonaws.com"}`
  ],
  'no-association': [
    'Error when retrieving credentials from container-role: Error retrieving metadata: Received non 200 response 404 from container metadata: [b69b1279-d140-4eee-b7ea-b124286f544c]: (ResourceNotFoundException): The token included in the request has no service account role association for it., fault: client'
  ],
  'agent-unreachable': [
    'botocore.exceptions.CredentialRetrievalError: Error when retrieving credentials from container-role: Error retrieving metadata: Received error when attempting to retrieve container metadata: Connect timeout on endpoint URL: "http://169.254.170.23/v1/credentials"',
    'Received error when attempting to retrieve container metadata: Could not connect to the endpoint URL: "http://169.254.170.23/v1/credentials"',
    'Get "http://169.254.170.23/v1/credentials": dial tcp 169.254.170.23:80: connect: connection refused',
    'Get "http://169.254.170.23/v1/credentials": dial tcp 169.254.170.23:80: i/o timeout',
    'MountVolume.SetUp failed for volume "csi" : rpc error: code = Unknown desc = failed to mount secrets store objects for pod cart, err: rpc error: code = Unknown desc = us-east-1: failed to get AWS config from pod identity agent: HTTP request to pod identity agent failed: Get "http://169.254.170.23/v1/credentials": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
    'Get "http://169.254.170.23/v1/credentials": dial tcp 169.254.170.23:80: connect: no route to host',
    'Error: connect ECONNREFUSED 169.254.170.23:80',
    'Error: connect EHOSTUNREACH 169.254.170.23:80',
    'Error: connect ETIMEDOUT 169.254.170.23:80',
    'Get "http://[fd00:ec2::23]/v1/credentials": dial tcp [fd00:ec2::23]:80: connect: network is unreachable'
  ],
  'agent-behind-proxy': [
    'failed to load credentials: Get "http://169.254.170.23/v1/credentials": proxyconnect tcp: dial tcp: lookup proxy.example on 10.100.0.10:53: no such host'
  ],
  'sdk-too-old': [
    '2025/05/21 01:13:53 Ignoring, HTTP credential provider invalid endpoint host, "169.254.170.23", only loopback hosts are allowed. <nil>',
    "ValueError: Unsupported host '169.254.170.23'.  Can only retrieve metadata from these hosts: 169.254.170.2, localhost, 127.0.0.1",
    'CredentialsProviderError: 169.254.170.23 is not a valid container metadata service hostname\n    at getCmdsUri (/app/node_modules/@smithy/credential-provider-imds/dist-cjs/fromContainerMetadata.js:57:19)',
    'The full URI (http://169.254.170.23/v1/credentials) contained within environment variable AWS_CONTAINER_CREDENTIALS_FULL_URI has an invalid host. Host should resolve to a loopback address or have the full URI be HTTPS.'
  ],
  'agent-got-no-token': [
    'Error retrieving metadata: Received non 200 response 400 from container metadata: Service account token cannot be empty',
    'Service account token cannot be parsed: token is malformed: could not base64 decode header: illegal base64 data at input byte 6'
  ],
  'agent-got-expired-token': [
    'Service account token failed basic claim validations: token has invalid claims: token is expired'
  ],
  'agent-wrong-address': [
    'Access Denied. Called agent through invalid address, please use either [169.254.170.23 fd00:ec2::23] address not 10.0.3.7'
  ],
  'agent-without-ipv6': [
    '{"bind-addr":"[fd00:ec2::23]:80","level":"fatal","msg":"Unable to start server: listen tcp [fd00:ec2::23]:80: bind: cannot assign requested address","time":"2024-08-15T19:35:24Z"}'
  ],
  'node-may-not-ask-eks': [
    'api error AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/eks-node/i-0bfc4291dd0acd279 is not authorized to perform: eks-auth:AssumeRoleForPodIdentity on resource: arn:aws:eks:us-west-2:111122223333:cluster/prod'
  ],
  'eks-auth-unreachable': [
    '{"client-addr":"192.168.146.19:36642","cluster-name":"prod","level":"error","msg":"Error fetching credentials: error getting credentials to cache: unable to fetch credentials from EKS Auth: operation error EKS Auth: AssumeRoleForPodIdentity, https response error StatusCode: 0, RequestID: , canceled, context canceled","operation":"AssumeRoleForPodIdentity","time":"2025-05-27T16:22:23Z"}',
    'unable to fetch credentials from EKS Auth: operation error EKS Auth: AssumeRoleForPodIdentity, exceeded maximum number of attempts, 3, request send failed'
  ],
  'container-role-error': [
    'Error when retrieving credentials from container-role: Error retrieving metadata',
    '{"level":"error","msg":"Error fetching credentials: error getting credentials to cache: access denied"}',
    'unable to fetch credentials from EKS Auth: operation error EKS Auth'
  ],
  'session-tags-too-long': [
    '{"errorCode": "PackedPolicyTooLargeException", "errorMessage": "Serialized token too large for session"}',
    '"errorMessage": "Packed size of session tags consumes 112% of allotted space."'
  ],
  'association-trust-invalid': [
    'An error occurred (InvalidParameterException) when calling the CreatePodIdentityAssociation operation: Trust policy of the role provided is invalid.'
  ],
  'association-role-missing': [
    'Error: creating EKS Pod Identity Association\n\noperation error EKS: CreatePodIdentityAssociation, https response error StatusCode: 400, RequestID: 5c3f9ce5-ba7d-495e-98b1-ffcd5cf85133, InvalidParameterException: Role provided in the request does not exist.'
  ],
  'association-exists': [
    'An error occurred (ResourceInUseException) when calling the CreatePodIdentityAssociation operation: Association already exists: a-1'
  ],
  'node-role-refused': [
    'An error occurred (AccessDenied) when calling the ListBuckets operation: User: arn:aws:sts::111122223333:assumed-role/eks-node/i-0bfc4291dd0acd279 is not authorized to perform: s3:ListAllMyBuckets because no identity-based policy allows the s3:ListAllMyBuckets action'
  ],
  'permission-missing': [
    'User: arn:aws:sts::111122223333:assumed-role/cart/botocore-session-1732435951 is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:us-east-1:111122223333:table/carts because no identity-based policy allows the dynamodb:GetItem action'
  ],
  'explicit-deny': [
    'User: arn:aws:iam::111122223333:user/cart is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::carts/a" with an explicit deny in a service control policy'
  ],
  'ec2-unauthorized': [
    'could not create volume in EC2: UnauthorizedOperation: You are not authorized to perform this operation. Encoded authorization failure message: aBcD'
  ],
  'further-role-refused': [
    'An error occurred (AccessDenied) when calling the AssumeRole operation: User: arn:aws:sts::111122223333:assumed-role/cart/botocore-session-1 is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/orders'
  ],
  'tag-session-refused': [
    'User: arn:aws:sts::111122223333:assumed-role/cart/eks-prod-cart-1c0ffee is not authorized to perform: sts:TagSession on resource: arn:aws:iam::444455556666:role/orders'
  ],
  'role-not-found': [
    'An error occurred (NoSuchEntity) when calling the GetRole operation: The role with name cart cannot be found.'
  ],
  'trust-policy-refused': [
    'Error: creating IAM Role (cart): operation error IAM: CreateRole, https response error StatusCode: 400, RequestID: cb63eff1-924b-4035-9646-e5d2dd4323c8,\n       MalformedPolicyDocument: Invalid principal in policy: "FEDERATED":"oidc.eks.us-east-1.amazonaws.com"',
    'AssumeRole policy may only specify STS AssumeRole actions.',
    'Has prohibited field Resource'
  ],
  'trust-policy-too-long': [
    'Error: failed creating IAM Role (cart): LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048'
  ],
  'webhook-ca-unknown': [
    'W1214 23:48:33.374702       1 dispatcher.go:170] Failed calling webhook, failing open pod-identity-webhook.amazonaws.com: failed calling webhook "pod-identity-webhook.amazonaws.com": Post "https://pod-identity-webhook.kube-system.svc:443/mutate?timeout=30s": x509: certificate signed by unknown authority',
    'Error from server (InternalError): Internal error occurred: failed calling webhook "iam-for-pods.amazonaws.com": failed to call webhook: Post "https://127.0.0.1:23443/mutate?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority (possibly because of "crypto/rsa: verification error" while trying to verify candidate authority certificate "kubernetes")'
  ],
  'webhook-certificate-expired': [
    'failed calling webhook "pod-identity-webhook.amazonaws.com": failed to call webhook: Post "https://pod-identity-webhook.default.svc:443/mutate?timeout=10s": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-24T08:12:31Z is after 2026-11-01T00:00:00Z'
  ],
  'webhook-certificate-name': [
    'failed calling webhook "pod-identity-webhook.amazonaws.com": failed to call webhook: Post "https://pod-identity-webhook.default.svc:443/mutate?timeout=10s": tls: failed to verify certificate: x509: certificate is valid for pod-identity-webhook.kube-system.svc, not pod-identity-webhook.default.svc',
    'failed calling webhook "a.example": Post "https://a.default.svc:443/?timeout=10s": x509: certificate is not valid for any names, but wanted to match a.default.svc',
    'failed calling webhook "a.example": Post "https://a.default.svc:443/?timeout=10s": x509: certificate relies on legacy Common Name field, use SANs instead',
    `failed calling webhook "a.example": Post "https://10.0.0.1/?timeout=10s": x509: cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs`
  ],
  'webhook-ca-unreadable': [
    'The MutatingWebhookConfiguration "pod-identity-webhook" is invalid: webhooks[0].clientConfig.caBundle: unable to load root certificates: unable to parse bytes as PEM block'
  ],
  'webhook-without-backend': [
    'Internal error occurred: failed calling webhook "pod-identity-webhook.amazonaws.com": failed to call webhook: Post "https://pod-identity-webhook.default.svc:443/mutate?timeout=10s": no endpoints available for service "pod-identity-webhook"',
    'Internal error occurred: failed calling webhook "pod-identity-webhook.amazonaws.com": failed to call webhook: Post "https://pod-identity-webhook.default.svc:443/mutate?timeout=10s": service "pod-identity-webhook" not found',
    'failed calling webhook "iam-for-pods.amazonaws.com": failed to call webhook: Post "https://127.0.0.1:23443/mutate?timeout=10s": dial tcp 127.0.0.1:23443: connect: connection refused'
  ],
  'webhook-timeout': [
    'Failed creating a mirror pod: failed calling webhook "pod-identity-webhook.amazonaws.com": Post "https://pod-identity-webhook.kube-system.svc:443/mutate?timeout=10s": context deadline exceeded',
    'failed calling webhook "pod-identity-webhook.amazonaws.com": failed to call webhook: Post "https://pod-identity-webhook.kube-system.svc:443/mutate?timeout=10s": dial tcp 10.0.3.7:8443: i/o timeout'
  ],
  'webhook-review-version': [
    'Internal error occurred: failed calling webhook "iam-for-pods.amazonaws.com": received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind='
  ],
  'webhook-fails-open': [
    'W1124 08:12:31.374702       1 dispatcher.go:225] Failed calling webhook, failing open iam-for-pods.amazonaws.com: failed calling webhook "iam-for-pods.amazonaws.com": an error on the server'
  ],
  'service-account-not-found': [
    'Warning  FailedCreate  2m20s  replicaset-controller  Error creating: pods "cart-6d5f7c9b84-" is forbidden: error looking up service account shop/cart: serviceaccount "cart" not found'
  ],
  'token-not-issued': [
    'Warning  FailedMount  9m54s (x31 over 77m)  kubelet  MountVolume.SetUp failed for volume "aws-iam-token" : failed to fetch token: the server could not find the requested resource',
    'MountVolume.SetUp failed for volume "eks-pod-identity-token" : failed to fetch token: serviceaccounts "cart" not found'
  ],
  'annotation-type': [
    'INSTALLATION FAILED: unable to build kubernetes objects from release manifest: unable to decode "": json: cannot unmarshal number into Go struct field ObjectMeta.metadata.annotations of type string',
    'ServiceAccount in version "v1" cannot be handled as a ServiceAccount: json: cannot unmarshal object into Go struct field ObjectMeta.metadata.annotations of type string'
  ],
  'irsa-guard-bundle-denied': [
    `Error from server (Forbidden): mutatingwebhookconfigurations.admissionregistration.k8s.io "pod-identity-webhook" is forbidden: ValidatingAdmissionPolicy 'irsa-guard-ca-bundle-deny' with binding 'irsa-guard-ca-bundle-deny' denied request: this caBundle is not one of those that irsa-guard accepts`
  ],
  'instance-metadata-unreachable': [
    '{"level":"error","ts":"2024-11-07T09:15:49Z","logger":"setup","msg":"unable to initialize AWS cloud","error":"failed to get VPC ID: failed to fetch VPC ID from instance metadata: error in fetching vpc id through ec2 metadata: get mac metadata: operation error ec2imds: GetMetadata, canceled, context deadline exceeded"}',
    '{"level":"error","msg":"unable to initialize AWS cloud","error":"failed to introspect vpcID from EC2Metadata, specify --aws-vpc-id instead if EC2Metadata is unavailable: EC2MetadataError: failed to make EC2Metadata request\\n\\n\\tstatus code: 401, request id: "}',
    'failed to introspect region from EC2Metadata, specify --aws-region instead if EC2Metadata is unavailable'
  ],
  'go-v2-no-role-on-node': [
    'operation error Elastic Load Balancing v2: DescribeLoadBalancers, get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found, operation error ec2imds: GetMetadata, canceled, context deadline exceeded'
  ],
  'go-v1-no-role-on-node': [
    'EC2RoleRequestError: no EC2 instance role found\ncaused by: RequestError: send request failed'
  ],
  'go-v1-no-providers': [
    'error listing AWS instances: "NoCredentialProviders: no valid providers in chain. Deprecated.\\n\\tFor verbose messaging see aws.Config.CredentialsChainVerboseErrors"'
  ],
  'botocore-no-credentials': [
    'botocore.exceptions.NoCredentialsError: Unable to locate credentials',
    'Unable to locate credentials. You can configure credentials by running "aws configure".'
  ],
  'js-v3-no-credentials': [
    'CredentialsProviderError: Could not load credentials from any providers\n    at /app/node_modules/@aws-sdk/credential-provider-node/dist-cjs/index.js:123:11'
  ],
  'js-v2-no-credentials': [
    'CredentialsError: Missing credentials in config, if using AWS_CONFIG_FILE, set AWS_SDK_LOAD_CONFIG=1'
  ],
  'java-v1-no-credentials': [
    'com.amazonaws.SdkClientException: Unable to load AWS credentials from any provider in the chain: [EnvironmentVariableCredentialsProvider: Unable to load AWS credentials from environment variables]'
  ],
  'java-v2-no-credentials': [
    'software.amazon.awssdk.core.exception.SdkClientException: Unable to load credentials from any of the providers in the chain AwsCredentialsProviderChain(credentialsProviders=[SystemPropertyCredentialsProvider(), EnvironmentVariableCredentialsProvider()])'
  ],
  'dotnet-no-credentials': [
    'Amazon.Runtime.AmazonServiceException : Unable to get IAM security credentials from EC2 Instance Metadata Service.',
    'Amazon.Runtime.AmazonClientException: Failed to resolve AWS credentials. The credential providers used to search for credentials returned the following errors:'
  ],
  'rust-no-credentials': [
    'dispatch failure: other: the credential provider was not enabled: no providers in chain provided credentials (CredentialsNotLoaded(CredentialsNotLoaded { source: Some("no providers in chain provided credentials") }))'
  ],
  'php-no-credentials': [
    'Aws\\Exception\\CredentialsException: Error retrieving credentials from the instance profile metadata service. (cURL error 28: Connection timed out after 1001 milliseconds)'
  ],
  'ruby-no-credentials': [
    'Aws::Errors::MissingCredentialsError: unable to sign request without credentials set'
  ],
  'terraform-no-credentials': [
    '╷\n│ Error: error configuring Terraform AWS Provider: no valid credential sources\n│ for Terraform AWS Provider found.\n│',
    'Error: No valid credential sources found'
  ],
  'cert-manager-ambient': [
    'error instantiating route53 challenge solver: unable to construct route53 provider: empty credentials; perhaps you meant to enable ambient credentials?'
  ],
  'profile-missing': ['botocore.exceptions.ProfileNotFound: The config profile (prod) could not be found'],
  'region-missing': [
    'botocore.exceptions.NoRegionError: You must specify a region.',
    'MissingRegion: could not find region configuration',
    'Error: Region is missing'
  ]
}
