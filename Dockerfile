# The image holds Node and one file. Nothing is compiled, so one build serves every platform that the base image has.
FROM node:24-trixie-slim AS dependencies
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts

FROM dependencies AS bundle
COPY . .
RUN npm run bundle

# No shell, no package manager; runs as 65532 and writes nothing. `npm run release` builds the image from this stage,
# too. To update the digest: crane digest gcr.io/distroless/nodejs24-debian13:nonroot
FROM gcr.io/distroless/nodejs24-debian13:nonroot@sha256:4ac45c93b6c4b2304876569196e5962e55e8ba4ba095e7dde7bf6d7e00efc3b8
WORKDIR /app
COPY --from=bundle /build/LICENSE /build/dist/THIRD-PARTY-NOTICES.txt /build/dist/irsa-guard.mjs ./
COPY --from=bundle /build/manifests ./manifests
ENV NODE_ENV=production
USER 65532:65532
EXPOSE 9443 8080
ENTRYPOINT ["/nodejs/bin/node", "/app/irsa-guard.mjs"]
