# connector/tunnel: see connector/README.md
