# Two images of one program, and the tests:
#   resource  slim: the programs, ssh and gpgv on an otherwise empty root. Serves every kind.
#   builder   the programs on a CNB builder image. Serves every kind and also builds.
#   tests     runs scripts/test while it is built.
# What they stand on is given from outside: --build-arg DEBIAN=..., --build-arg BUILDER=... (docs/builder.md), and so is what
# their labels say: REVISION, CREATED and SOURCE. Releases are made without Docker, by scripts/make-image (docs/releasing.md).
ARG DEBIAN=debian:12
# No image has this name, so that the target builder without a BUILDER fails, and its error says what to give.
ARG BUILDER=localhost/give-build-arg-builder

FROM ${DEBIAN} AS build
WORKDIR /src
# The libraries change seldom and take a minute, so they are a layer of their own.
COPY scripts/setup scripts/dependencies scripts/
RUN scripts/setup --build && scripts/dependencies
# What is compiled and nothing else: no document, test or pipeline makes this layer anew.
COPY CMakeLists.txt CMakePresets.json LICENSE main.cpp ./
COPY cmake cmake
COPY scripts/licenses scripts/sbom scripts/
COPY check check
COPY in in
COPY out out
COPY launcher launcher
COPY common common
RUN cmake --preset release -DBUILD_SERVICE_DESCRIBE=OFF && cmake --build --preset release && \
    cmake --install build/release --prefix /install

FROM ${DEBIAN} AS slim
RUN apt-get update --quiet=2 && \
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends \
      binutils busybox-static ca-certificates gpgv openssh-client
COPY scripts/slim-root /
RUN /slim-root /slim

FROM build AS materials
COPY --from=slim /slim /whole
RUN cp -a /install/. /whole && scripts/sbom image /whole >/sbom.cdx.json

FROM scratch AS resource
COPY --from=slim /slim /
COPY --from=build /install /
COPY --from=materials /sbom.cdx.json /usr/share/doc/build-service/
ENV PATH=/usr/bin:/bin HOME=/root
CMD ["/bin/sh"]
ARG VERSION=1.0.0
ARG REVISION
ARG CREATED
ARG SOURCE
LABEL org.opencontainers.image.title="build-service" \
      org.opencontainers.image.description="Concourse resource type: from git commits to images by Cloud Native Buildpacks, and their rebases" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.url="${SOURCE}" \
      org.opencontainers.image.documentation="${SOURCE}#readme"

FROM ${BUILDER} AS builder
# The name that build records and the pages of builds show.
ARG BUILDER
ENV BUILD_SERVICE_BUILDER=${BUILDER}
COPY --from=build /install /
# A build starts as root and hands the application's code to the builder's own user (CNB_USER_ID).
USER 0
ARG VERSION=1.0.0
ARG REVISION
ARG CREATED
ARG SOURCE
LABEL org.opencontainers.image.title="build-service-builder" \
      org.opencontainers.image.description="Concourse resource type build-service on a Cloud Native Buildpacks builder" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.url="${SOURCE}" \
      org.opencontainers.image.documentation="${SOURCE}#readme" \
      org.opencontainers.image.base.name="${BUILDER}"

FROM build AS tests
COPY . .
RUN scripts/test
