#!/bin/sh
# Makes a CA and a serving certificate for hosts or IPv4 addresses: scripts/laptop-certs.sh 127.0.0.1 localhost
# Writes ca.crt, ca.key, tls.crt and tls.key into certs/, or into the directory in $CERTS.
set -eu
[ $# -gt 0 ] || { echo 'usage: scripts/laptop-certs.sh HOST|IP...' >&2; exit 2; }
cd "${CERTS:-$(dirname "$0")/../certs}"
umask 077

names=''
for host in "$@"; do
  case $host in
    *[!0-9.]*) names="$names,DNS:$host" ;;
    *) names="$names,IP:$host" ;; # the API server compares an IP address only with the certificate's IP addresses
  esac
done

# Does not use the machine's openssl.cnf, which can add extensions: the API server rejects duplicate ones.
cat > openssl.cnf <<END
[req]
distinguished_name = subject
prompt = no
[subject]
CN = irsa-guard on a laptop
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[serving]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = ${names#,}
END
trap 'rm -f openssl.cnf tls.csr ca.srl' EXIT

openssl ecparam -genkey -noout -name prime256v1 -out ca.key
openssl req -x509 -new -sha256 -days 30 -key ca.key -config openssl.cnf -extensions ca -out ca.crt
openssl ecparam -genkey -noout -name prime256v1 -out tls.key
openssl req -new -sha256 -key tls.key -config openssl.cnf -out tls.csr
openssl x509 -req -sha256 -days 30 -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile openssl.cnf -extensions serving -out tls.crt
