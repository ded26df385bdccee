# Two images of one program, and the tests:
#   resource  slim: the programs, ssh and gpgv on an otherwise empty root. Serves every kind.
#   builder   the programs on a CNB builder image. Serves every kind and also builds.
#   tests     runs scripts/test while it is built.
# What they stand on is given from outside: --build-arg DEBIAN=..., --build-arg BUILDER=... (docs/builder.md)
ARG DEBIAN=debian:12
# No image has this name, so that the target builder without a BUILDER fails, and its error says what to give.
ARG BUILDER=localhost/give-build-arg-builder

FROM ${DEBIAN} AS build
WORKDIR /src
# The libraries change seldom and take a minute, so they are a layer of their own.
COPY scripts/setup scripts/dependencies scripts/
RUN scripts/setup --build && scripts/dependencies
COPY . .
RUN cmake --preset release && cmake --build --preset release && cmake --install build/release --prefix /install

FROM ${DEBIAN} AS slim
RUN apt-get update --quiet=2 && \
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends \
      busybox-static ca-certificates gpgv openssh-client
COPY scripts/slim-root /
RUN /slim-root /slim

FROM scratch AS resource
COPY --from=slim /slim /
COPY --from=build /install /
ENV PATH=/usr/bin:/bin HOME=/root
CMD ["/bin/sh"]

FROM ${BUILDER} AS builder
# The name that build records and the pages of builds show.
ARG BUILDER
ENV BUILD_SERVICE_BUILDER=${BUILDER}
COPY --from=build /install /
# A build starts as root and hands the application's code to the builder's own user (CNB_USER_ID).
USER 0

FROM build AS tests
RUN scripts/test
