"""What all providers here have in common."""


class Provider:
    """Knows its clients by `register` and its users by `subject`, `display_name` and `email`."""

    issuer: str
    client_id: str
    client_secret: str
    prompt = ""
    scopes = ["openid", "profile", "email"]
    client_authentication = "client_secret_basic"
    processes = ()

    @property
    def settings(self):
        """The gateway's [provider] table for this provider."""
        return {
            "issuer": self.issuer,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "client_authentication": self.client_authentication,
            "prompt": self.prompt,
            "scopes": self.scopes,
        }

    def register(self, redirect_uri, sign_out_uri):
        """Makes the gateway known, before the gateway starts: the provider may choose its client id."""
        raise NotImplementedError

    def authenticate(self, agent, url):
        """Plays the user at the provider's pages, and gives the URL the provider sends the browser back to."""
        raise NotImplementedError

    def stop(self):
        for process in self.processes:
            process.stop()
