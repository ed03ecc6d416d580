"""What `lookalike serve` does. Modules that take long to import stay in functions, so that refusals come at once."""

from lookalike.loopback import HOST, listen


def serve_page(port: int, *, open_browser: bool) -> None:
    """Load the released models, print the address of the page, and serve it until the process is stopped.

    Raises:
        InputError: the port is taken, or a model is missing or damaged.
    """
    listener = listen(port, "choose another with --port")
    print("Loading the models ...", flush=True)

    from lookalike.params import load_params
    from lookalike.serve.app import serve
    from lookalike.serve.classifier import Classifier

    classifier = Classifier.load(load_params())
    address = f"http://{HOST}:{port}/"
    print(f"Your photos: {address} (Ctrl-C stops)", flush=True)
    if open_browser:
        import webbrowser

        webbrowser.open(address)
    serve(classifier, listener)
