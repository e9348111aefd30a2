# connector/engine: see connector/README.md
