"""Logto's guide for Flask as it stands, with the official SDK, and a page for each thing the guide says one can ask.

Run as a program: `guide_with_sdk.py PORT ENDPOINT APP_ID APP_SECRET API ORGANIZATION`."""

import asyncio
import sys

from flask import Flask, redirect, request, session
from logto import LogtoClient, LogtoConfig, Storage, UserInfoScope

PORT, ENDPOINT, APP_ID, APP_SECRET, API, ORGANIZATION = sys.argv[1:]
HOME = f"http://127.0.0.1:{PORT}/"

app = Flask(__name__)
app.secret_key = "the guide says: change me"


class SessionStorage(Storage):
    """The guide's: everything in Flask's own cookie."""

    def get(self, key):
        return session.get(key)

    def set(self, key, value):
        session[key] = value

    def delete(self, key):
        session.pop(key, None)


client = LogtoClient(
    LogtoConfig(
        endpoint=ENDPOINT,
        appId=APP_ID,
        appSecret=APP_SECRET,
        resources=[API],
        scopes=[
            UserInfoScope.email,
            UserInfoScope.custom_data,
            UserInfoScope.organizations,
            UserInfoScope.organization_roles,
            "roles",
            "read",
            "invite",
        ],
    ),
    storage=SessionStorage(),
)


@app.route("/")
def home():
    if not client.isAuthenticated():
        return "Not authenticated <a href='/sign-in'>Sign in</a>"
    return f"Authenticated as {client.getIdTokenClaims().sub} <a href='/sign-out'>Sign out</a>"


@app.route("/sign-in")
def sign_in():
    return redirect(asyncio.run(client.signIn(redirectUri=HOME + "callback")))


@app.route("/sign-up")
def sign_up():
    return redirect(asyncio.run(client.signIn(redirectUri=HOME + "callback", interactionMode="signUp")))


@app.route("/callback")
def callback():
    try:
        asyncio.run(client.handleSignInCallback(request.url))
        return redirect("/")
    except Exception as error:
        return f"Error: {error}", 400


@app.route("/sign-out")
def sign_out():
    return redirect(asyncio.run(client.signOut(postLogoutRedirectUri=HOME)))


@app.route("/claims")
def claims():
    if not client.isAuthenticated():
        return "Not authenticated <a href='/sign-in'>Sign in</a>"
    return client.getIdTokenClaims().model_dump()


@app.route("/userinfo")
def userinfo():
    return asyncio.run(client.fetchUserInfo()).model_dump()


@app.route("/resource")
def resource():
    return {"token": asyncio.run(client.getAccessToken(API))}


@app.route("/organization")
def organization():
    return {"token": asyncio.run(client.getOrganizationToken(ORGANIZATION))}


if __name__ == "__main__":
    app.run(port=int(PORT))
