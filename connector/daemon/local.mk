# connector/daemon: see connector/README.md
