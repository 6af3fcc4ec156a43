package import Access
package import JSON
package import NIOHTTP1

/// A response that we give ourselves. Never cached, never framed, never guessed at.
package struct Answer {
    package var status: HTTPResponseStatus
    package var fields: [(name: String, value: String)] = []
    package var contentType: String?
    package var body: [UInt8] = []
    package var cacheControl = "no-store"
    /// What went wrong, for the log.
    package var fault: Fault?

    /// `See Other` after a step that is done, `Found` for a challenge.
    package static func redirect(_ status: HTTPResponseStatus, to location: String) -> Self {
        Self(status: status, fields: [("Location", location)])
    }

    package static func page(_ page: Page, status: HTTPResponseStatus) -> Self {
        Self(
            status: status,
            fields: [("Content-Security-Policy", Page.contentSecurityPolicy)],
            contentType: "text/html; charset=utf-8",
            body: page.bytes
        )
    }

    package static func json(_ value: JSON, status: HTTPResponseStatus) -> Self {
        Self(status: status, contentType: "application/json", body: value.bytes)
    }

    /// A problem as RFC 9457 has it.
    package static func problem(_ status: HTTPResponseStatus, _ title: String, members: [JSONMember] = []) -> Self {
        let standard: [JSONMember] = [
            JSONMember(name: "type", value: .string("about:blank")),
            JSONMember(name: "title", value: .string(title)),
            JSONMember(name: "status", value: .number(JSONNumber(Int64(status.code)))),
        ]
        return Self(
            status: status,
            contentType: "application/problem+json",
            body: JSON.object(standard + members).bytes
        )
    }

    package mutating func setCookie(_ cookie: SetCookie) {
        self.fields.append(("Set-Cookie", cookie.text))
    }

    /// The whole response as bytes.
    ///
    /// - Parameters:
    ///   - toHTTP10: where a connection ends that nobody says is kept (RFC 9112, 9.3).
    ///   - withoutBody: the answer to a `HEAD`, which only tells the body's length.
    package func write(
        into bytes: inout WireBytes,
        keepAlive: Bool,
        toHTTP10: Bool = false,
        withoutBody: Bool,
        requestID: RequestID,
        date: String,
        strictTransport: [UInt8] = []
    ) {
        bytes.append("HTTP/1.1 ")
        bytes.append(Int(self.status.code))
        bytes.append(" ")
        bytes.append(self.status.reasonPhrase)
        bytes.append("\r\n")
        bytes.appendField("Date", date)
        bytes.appendField("Cache-Control", self.cacheControl)
        bytes.append("X-Content-Type-Options: nosniff\r\nReferrer-Policy: same-origin\r\n")
        for (name, value) in self.fields { bytes.appendField(name, value) }
        if let contentType { bytes.appendField("Content-Type", contentType) }
        bytes.appendField("Content-Length", String(self.body.count))
        bytes.append(strictTransport)
        if !keepAlive {
            bytes.append("Connection: close\r\n")
        } else if toHTTP10 {
            bytes.append("Connection: keep-alive\r\n")
        }
        bytes.append("X-Request-Id: ")
        bytes.append(requestID)
        bytes.append("\r\n\r\n")
        if !withoutBody { bytes.append(self.body) }
    }
}

extension Answer {
    /// What a fault becomes: a calm page for a navigation, a small problem for everything else. Neither says more than
    /// whose turn it is.
    ///
    /// - Parameter actions: ways onward that the page offers.
    package static func fault(
        _ fault: Fault,
        asPage: Bool,
        actions: [Page.Action] = [],
        requestID: String
    ) -> Self {
        let text = Page.Text(fault)
        var answer =
            asPage
            ? Answer.page(Page(text, actions: actions, requestID: requestID), status: fault.status)
            : Answer.problem(fault.status, text.title, members: [.requestID(requestID)])
        let passesWithTime = fault.status == .serviceUnavailable || fault.status == .tooManyRequests
        if passesWithTime { answer.fields.append(("Retry-After", "5")) }
        answer.fault = fault
        return answer
    }

    /// "Sign in first", for what cannot follow a redirect (security rule 28).
    package static func challenge(signInURL: String, realm: String, requestID: String) -> Self {
        var answer = Answer.problem(
            .unauthorized,
            "Sign in first",
            members: [JSONMember(name: "sign_in_url", value: .string(signInURL)), .requestID(requestID)]
        )
        answer.fields.append(("WWW-Authenticate", "Gatehouse realm=\"\(realm)\""))
        return answer
    }
}

extension JSONMember {
    package static func requestID(_ id: String) -> Self { JSONMember(name: "request_id", value: .string(id)) }
}
