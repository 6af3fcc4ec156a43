import JSON
import LogtoStandIn
import Testing

@Suite struct CourierTests {
    /// Signs in and out again with a receiver registered, and gives back what the events say of the delivery.
    private func outcome(_ uri: String) async throws -> JSON? {
        try await withStandIn { op in
            try await op.control(
                "POST /clients",
                ["id": .string(StandIn.clientID), "backchannelLogoutUri": .string(uri)]
            )
            let browser = Browser(op)
            _ = try await op.signIn(browser)
            let page = try await browser.get("/oidc/session/end?client_id=\(StandIn.clientID)")
            let secret = page.text.split(separator: "name=\"xsrf\" value=\"").dropFirst().first?.prefix { $0 != "\"" }
            let fields = [("xsrf", String(secret ?? "")), ("logout", "yes")]
            #expect(try await browser.post("/oidc/session/end/confirm", fields).status == 303)
            return try await op.control("GET /events?event=backchannel_logout").arrayValue?.first?["outcome"]
        }
    }

    @Test func theLogoutTokenIsThereBeforeTheBrowserIsAnswered() async throws {
        let receiver = try await Receiver.start()
        #expect(try await outcome(receiver.url) == "200")
        let request = try #require(receiver.requests.first)
        #expect(request.method == "POST")
        #expect(request.header("content-type") == "application/x-www-form-urlencoded")
        #expect(Form(encoded: request.body)["logout_token"]?.split(separator: ".").count == 3)
    }

    @Test func itDoesNotFollowRedirects() async throws {
        let target = try await Receiver.start()
        let receiver = try await Receiver.start(Delivery(.redirect(to: target.url)))
        #expect(try await outcome(receiver.url) == "303")
        #expect(target.requests.isEmpty)
    }

    @Test func aSilentReceiverHoldsTheLogoutUpForTwoAndAHalfSeconds() async throws {
        var silence = Delivery(nil)
        silence.hang = true
        let started = ContinuousClock.now
        #expect(try await outcome(Receiver.start(silence).url) == "timeout")
        #expect(ContinuousClock.now - started >= .milliseconds(2500))
    }

    @Test func nobodyThereIsNoError() async throws {
        #expect(try await outcome("http://127.0.0.1:1/logout") == "refused")
        #expect(try await outcome("ftp://127.0.0.1/logout") == "not an http URL")
    }
}
