FROM python:3.11-slim AS wheel
WORKDIR /registry
COPY requirements-dev.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements-dev.lock
COPY . .
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheel .

FROM python:3.11-slim
WORKDIR /registry
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY --from=wheel /wheel /wheel
RUN pip install --no-cache-dir --no-deps /wheel/*.whl && useradd --system --create-home registry \
    && install --directory --owner registry --group registry --mode 700 \
        /var/lib/registry/reports /var/lib/registry/backups
USER registry
CMD ["registry", "--help"]
