# The image holds Node and one file. Nothing is compiled, so one build serves every platform that the base image has.
FROM node:24-trixie-slim AS dependencies
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts

FROM dependencies AS bundle
COPY . .
RUN npm run bundle

# No shell, no package manager; runs as 65532 and writes nothing.
FROM gcr.io/distroless/nodejs24-debian13:nonroot
WORKDIR /app
COPY --from=bundle /build/LICENSE /build/dist/THIRD-PARTY-NOTICES.txt /build/dist/irsa-guard.mjs ./
COPY --from=bundle /build/manifests ./manifests
ENV NODE_ENV=production
USER 65532:65532
EXPOSE 9443 8080
ENTRYPOINT ["/nodejs/bin/node", "/app/irsa-guard.mjs"]
