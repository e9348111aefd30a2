# connector/netcheck: see connector/README.md
