"""Debian's chromium, headless, driven by Debian's chromedriver. Nothing is downloaded."""

import os

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

BROWSER = os.environ.get("CHROMIUM", "/usr/bin/chromium")
DRIVER = os.environ.get("CHROMEDRIVER", "/usr/bin/chromedriver")


def start_chromium(profile, any_certificate=False):
    """A browser whose profile is in the empty directory `profile`. `quit()` ends it."""
    os.environ["SE_OFFLINE"] = "true"
    options = Options()
    options.binary_location = BROWSER
    options.accept_insecure_certs = any_certificate
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-extensions",
        "--disable-sync",
        "--no-first-run",
        "--no-default-browser-check",
        "--window-size=900,900",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service(executable_path=DRIVER))
    driver.set_page_load_timeout(30)
    return driver
