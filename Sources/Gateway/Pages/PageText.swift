import NIOHTTP1

extension Page {
    /// What a page says: nothing of the inside.
    package struct Text {
        package let title: String
        package let message: String
    }
}

extension Page.Text {
    package static let signedOut = Self(
        title: "You are signed out",
        message: "Close the browser if others use this device."
    )

    package static let confirmSignOut = Self(
        title: "Sign out?",
        message: "You will be signed out here and at the sign-in service."
    )

    package static let nobodySignedIn = Self(
        title: "You are not signed in",
        message: "There is nothing to sign out of."
    )

    package static let cancelled = Self(
        title: "You were not signed in",
        message: "The sign-in was cancelled or refused. You can try again."
    )

    package static let signInFailed = Self(
        title: "The sign-in did not work",
        message:
            "What the sign-in service sent could not be accepted. Try again; if it happens again, tell the operator."
    )

    package static let stepUpUnmet = Self(
        title: "This page needs another sign-in",
        message: """
            It asks for a sign-in that is more recent or better secured than the one the sign-in service has confirmed. \
            If trying again does not help, tell the operator.
            """
    )

    /// The loop breaker's page names the likely causes (security rule 27).
    package static let goingInCircles = Self(
        title: "The sign-in goes in circles",
        message: """
            You were signed in several times within a minute, and each time the next page did not know you. Usually the \
            browser does not keep this site's cookies, the address mixes http and https or two host names, or a clock is \
            wrong.
            """
    )

    package static let cookiesMissing = Self(
        title: "The sign-in could not be finished",
        message: """
            The browser came back without the cookie this sign-in began with. Cookies may be blocked, or the sign-in was \
            begun in another browser.
            """
    )

    package init(_ fault: Fault) {
        switch (fault.source, fault.status) {
        case (.provider, _):
            self.init(
                title: "The sign-in service is not available",
                message: "Nothing is wrong with your account. Please try again in a moment."
            )
        case (.store, _) where fault.isUnreadableSession:
            self.init(
                title: "Your session cannot be read",
                message: "Please try again in a moment, or sign in anew."
            )
        case (.store, _):
            self.init(
                title: "We cannot look up your session just now",
                message: "You are still signed in. Please try again in a moment."
            )
        case (_, .forbidden): self.init(title: "You may not open this page", message: "Ask whoever runs it for access.")
        case (_, .notFound): self.init(title: "There is nothing here", message: "The address may be mistyped or old.")
        case (_, .misdirectedRequest):
            self.init(title: "This site is not served here", message: "The address belongs to no application here.")
        case (_, .gatewayTimeout):
            self.init(title: "The application takes too long", message: "Please try again in a moment.")
        case (.upstream, _):
            self.init(title: "The application is not available", message: "Please try again in a moment.")
        case (_, .tooManyRequests):
            self.init(title: "That was too much at once", message: "Please try again in a minute.")
        case (_, .payloadTooLarge):
            self.init(title: "This is too large", message: "The application takes nothing of this size.")
        case (.downstream, _):
            self.init(title: "This request cannot be understood", message: "Go back, or open the page anew.")
        case (.gateway, _):
            self.init(title: "Something went wrong here", message: "Please try again in a moment.")
        }
    }
}
