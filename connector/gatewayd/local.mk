# connector/gatewayd: see connector/README.md
