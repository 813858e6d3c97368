# Builds a static binary and ships nothing else: no shell, no package manager, no root.
FROM rust:1.95-bookworm AS build
# `--no-default-features` makes the program of a sidecar: smaller, without what needs large libraries.
ARG CARGO_FLAGS=""
WORKDIR /src
COPY . .
RUN RUSTFLAGS="-C target-feature=+crt-static" cargo build --release --locked --target x86_64-unknown-linux-gnu -p collector $CARGO_FLAGS \
 && strip target/x86_64-unknown-linux-gnu/release/ferrotel

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /src/target/x86_64-unknown-linux-gnu/release/ferrotel /ferrotel
COPY --from=build /src/examples/otlp.yaml /etc/ferrotel/config.yaml
USER nonroot
EXPOSE 4317 4318 13133 8888
# The program asks its own health_check extension, as there is no curl in the image.
HEALTHCHECK --interval=10s --timeout=3s CMD ["/ferrotel", "healthcheck"]
ENTRYPOINT ["/ferrotel"]
CMD ["--config", "/etc/ferrotel/config.yaml"]
