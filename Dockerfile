# The proxy; its configuration is mounted at /etc/ltrr/ltrr.yml.
# Build with --build-arg EXTRAS=[encoder,trees] to embed queries here; that brings PyTorch.
FROM python:3.12-slim
ARG EXTRAS=""
WORKDIR /opt/ltrr
COPY pyproject.toml README.md LICENSE ./
COPY ltrr_opensearch ltrr_opensearch
COPY index_templates index_templates
RUN pip install --no-cache-dir ".${EXTRAS}" \
    && useradd --system --create-home --home-dir /var/lib/ltrr ltrr
USER ltrr
WORKDIR /var/lib/ltrr
ENV LTRR_CONFIG=/etc/ltrr/ltrr.yml
EXPOSE 9201
# the operators' port stays on the container's loopback, where only this check asks it
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=6 \
    CMD ["python", "-c", "import os; from urllib.request import Request, urlopen; urlopen(Request('http://127.0.0.1:9202/_ltrr/health/ready', headers={'Authorization': 'Bearer ' + os.environ.get('LTRR_ADMIN_TOKEN', '')}), timeout=4)"]
CMD ["ltrr", "serve", "--host", "0.0.0.0", "--admin-port", "9202"]
