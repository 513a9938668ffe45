# syntax=docker/dockerfile:1
# One image with the six programs. The command selects one: billing, reports, accounts, contracts, worker or api.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The cache mounts keep downloaded and compiled dependencies between builds. They are not part of the image, so the
# programs are copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --package billing --package reports --package accounts --package contracts \
        --package worker --package api \
    && install -D --target-directory=/out \
        target/release/billing target/release/reports target/release/accounts target/release/contracts \
        target/release/worker target/release/api

FROM debian:bookworm-slim
# The health checks request /readyz with curl. Security updates of Debian matter more than a pinned version.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /data voiding
COPY --from=build /out/ /usr/local/bin/
# Folder of the SQLite files if no database URL is set.
ENV DATA_DIR=/data
WORKDIR /data
USER 10001
CMD ["api"]
