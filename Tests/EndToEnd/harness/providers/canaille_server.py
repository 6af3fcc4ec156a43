"""Starts canaille with one user. Run as a program: `canaille_server.py PORT`."""

import logging
import sys

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import ECKey, RSAKey
from werkzeug.serving import make_server


def main(port):
    key = RSAKey.generate_key(2048, auto_kid=True)
    second = ECKey.generate_key("P-256", auto_kid=True)
    app = create_app(
        config={
            "SECRET_KEY": "only for tests",
            "PREFERRED_URL_SCHEME": "http",
            # In its working directory. Its memory backend mixes up the codes of several sign-ins.
            "CANAILLE_SQL": {"DATABASE_URI": "sqlite:///canaille.sqlite", "PASSWORD_SCHEMES": "plaintext"},
            "CANAILLE": {"DATABASE": "sql", "JAVASCRIPT": False, "SMTP": None},
            "CANAILLE_OIDC": {
                "ACTIVE_JWKS": [key.as_dict(private=True), second.as_dict(private=True)],
                "DYNAMIC_CLIENT_REGISTRATION_OPEN": True,
                # Nobody is trusted by their address: users are asked for consent.
                "TRUSTED_DOMAINS": [],
            },
        },
        env_file=None,
    )
    with app.app_context():
        user = models.User(
            user_name="alice",
            formatted_name="Alice Liddell",
            given_name="Alice",
            family_name="Liddell",
            display_name="alice",
            emails=["alice@example.test"],
            password="correct horse battery staple",
        )
        Backend.instance.save(user)
    logging.getLogger("werkzeug").setLevel(logging.INFO)
    make_server("127.0.0.1", port, app, threaded=True).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
