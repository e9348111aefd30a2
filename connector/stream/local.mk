# connector/stream: see connector/README.md
