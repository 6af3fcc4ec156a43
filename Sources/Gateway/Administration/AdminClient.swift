import BackChannel
import Cryptography
package import JSON

/// The command line's way to a running gateway: its admin listener, as the configuration names it.
package struct AdminClient: Sendable {
    /// Why there is no answer, in a sentence for the shell.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let origin: String
    private let token: Secret

    /// - Throws: when the configuration has no admin token.
    package init(_ admin: Configuration.Admin) throws(Failure) {
        guard let token = admin.token else {
            throw Failure(description: "admin.token is not set; without it nobody may administer sessions")
        }
        self.token = token
        // Who listens everywhere is reached here.
        let host = ["0.0.0.0": "127.0.0.1", "::": "::1"][admin.listen.host] ?? admin.listen.host
        self.origin = "http://\(host.contains(":") ? "[\(host)]" : host):\(admin.listen.port)"
    }

    /// Who is signed in.
    package func list(_ selector: SessionSelector) async throws(Failure) -> JSON {
        try await self.send(.get, "/sessions?" + selector.query)
    }

    /// Ends them.
    package func revoke(_ selector: SessionSelector) async throws(Failure) -> JSON {
        try await self.send(.post, "/sessions/revoke?" + selector.query)
    }

    private func send(_ method: BackChannelRequest.Method, _ target: String) async throws(Failure) -> JSON {
        let authorization = self.token.withBytes { "Bearer " + String(decoding: $0, as: UTF8.self) }
        let headers = [(name: "Authorization", value: authorization)]
        let request = BackChannelRequest(
            method: method,
            url: self.origin + target,
            headers: headers,
            body: method == .post ? [] : nil
        )
        let response: BackChannelResponse
        do {
            var configuration = BackChannelConfiguration()
            // The operator's own listener, at the address the operator wrote.
            configuration.allowPlainHTTP = true
            configuration.timeout = .seconds(60)
            configuration.maximumResponseBytes = 64 << 20
            let backChannel = try BackChannel(configuration)
            defer { backChannel.shutDown() }
            response = try await backChannel.send(request)
        } catch {
            throw Failure(description: "\(self.origin) does not answer (\(error)); is the gateway running?")
        }
        guard let answer = try? JSON.parse(response.body) else {
            throw Failure(description: "\(self.origin) answers with status \(response.status) and no JSON")
        }
        guard response.status == 200 else {
            throw Failure(description: answer["title"]?.stringValue ?? "status \(response.status)")
        }
        return answer
    }
}
