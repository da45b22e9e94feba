"""Where rows come from: vendors over HTTP and files, as immutable payloads and as parsed raw rows."""
