# One image for all processes: the command chooses. No base but Debian's, no package but those of packages.txt.
#
#     docker build -t felucca .                       the programs
#     docker build -t felucca-demo --target demo .    the same with a simulated KHEOPS and a DCMTK client
#
# The last stage has no compiler, no documents and no secrets, runs as user 11112 and writes nothing but what is
# mounted below /var/lib/felucca and /run/felucca, so its root file system may be read-only.

FROM debian:bookworm-slim AS build
COPY packages.txt /source/
COPY scripts/install-packages.sh /source/scripts/
RUN sh /source/scripts/install-packages.sh build
COPY . /source
# docker build --build-arg COMMIT=$(git rev-parse --short=12 HEAD): what felucca version names.
ARG COMMIT=
RUN cmake -S /source -B /build -G Ninja -DFELUCCA_TESTS=OFF -DFELUCCA_COMMIT=$COMMIT \
        -DCMAKE_C_FLAGS_RELEASE=-O2 -DCMAKE_CXX_FLAGS_RELEASE=-O2 \
    && cmake --build /build --target programs \
    && cmake --install /build --strip --prefix /felucca

FROM debian:bookworm-slim AS felucca
LABEL org.opencontainers.image.title="Felucca" \
    org.opencontainers.image.description="A durable gateway from DICOM to KHEOPS"
COPY packages.txt /tmp/packages/
COPY scripts/install-packages.sh /tmp/packages/scripts/
# Sockets, spool and database have folders of their own, so that each service mounts only what it needs. A new
# volume takes its owner from the folder in the image.
RUN sh /tmp/packages/scripts/install-packages.sh run \
    && rm -rf /tmp/packages /usr/share/doc /usr/share/man /usr/share/locale /var/lib/apt/lists/* /var/cache/apt/* \
        /var/cache/debconf/*-old /var/log/apt /var/log/*.log \
    && groupadd --gid 11112 felucca \
    && useradd --uid 11112 --gid 11112 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin felucca \
    && install -d -o 11112 -g 11112 -m 750 /var/lib/felucca /var/lib/felucca/spool /var/lib/felucca/notifier /var/lib/felucca/imports \
        /run/felucca /run/felucca/hints /run/felucca/work /run/felucca/control \
    && install -d /etc/felucca /run/secrets
COPY --from=build /felucca/bin/ /usr/local/bin/
COPY --from=build /felucca/share/doc/felucca/ /usr/local/share/doc/felucca/
USER 11112:11112
# The sockets are no part of the state: a volume that two hosts see must not hold them.
ENV FELUCCA_RUN_DIR=/run/felucca
# The receiver's DICOM ports; metrics and health of receiver, router, sender, sharer, committer, notifier, console, tray; the console.
EXPOSE 11112 2762 9400 9401 9402 9403 9404 9405 9406 9407 9480
# It asks what runs in the container: all processes under felucca up, or the one that was started there.
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["felucca", "health"]
STOPSIGNAL SIGTERM
CMD ["felucca", "up"]

FROM build AS demo-build
RUN cmake --build /build --target kheops-sim make-dicom && strip /build/tests/kheops-sim /build/tests/make-dicom

# For trying things out: the simulated KHEOPS of the tests, and something to send.
FROM felucca AS demo
USER root
COPY packages.txt /tmp/packages/
COPY scripts/install-packages.sh /tmp/packages/scripts/
RUN sh /tmp/packages/scripts/install-packages.sh demo \
    && rm -rf /tmp/packages /usr/share/doc /usr/share/man /usr/share/locale /var/lib/apt/lists/* /var/cache/apt/*
COPY --from=demo-build /build/tests/kheops-sim /build/tests/make-dicom /usr/local/bin/
USER 11112:11112
HEALTHCHECK NONE

# What `docker build .` makes.
FROM felucca
