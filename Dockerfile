# Muster in a container: `docker build -t muster .`; compose.yaml runs it beside a PostgreSQL.
# The image writes nothing but the database, so it runs with a read-only root and no rights.

FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY bot ./bot
COPY cogs ./cogs
COPY migrations ./migrations
RUN python -m venv /opt/muster \
 && /opt/muster/bin/pip install --no-cache-dir --disable-pip-version-check -c constraints.txt '.[postgres,speed]'

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin muster \
 && install -d -o muster -g muster -m 0700 /data
COPY --from=build /opt/muster /opt/muster
ENV PATH=/opt/muster/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MUSTER_DATABASE_URL=sqlite:////data/muster.db \
    MUSTER_METRICS_PORT=9464
USER 10001
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"MUSTER_METRICS_PORT\"]}/healthz', timeout=4)"]
ENTRYPOINT ["muster"]
CMD ["run"]
