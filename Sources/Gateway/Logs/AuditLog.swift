import Access
import NIOCore

/// Who came, who went, who was sent away and who may not: one line each, written whatever the log's level. Never a token,
/// nor anything that would open a session; a session is named as the administration names it.
package final class AuditLog: Sendable {
    package enum Event: String, Sendable {
        case signedIn = "signed-in"
        case refreshFailed = "refresh-failed"
        case signedOut = "signed-out"
        case revoked
        case denied
    }

    private let sink: LogSink
    private let asJSON: Bool

    package init(sink: LogSink, asJSON: Bool) {
        self.sink = sink
        self.asJSON = asJSON
    }

    /// - Parameters:
    ///   - session: `nil` where several or none are concerned.
    ///   - reason: of ours or the provider's code.
    func write(
        _ event: Event,
        subject: String?,
        session: SessionKey? = nil,
        client: String? = nil,
        requestID: String? = nil,
        reason: String? = nil
    ) {
        let members = [
            ("subject", subject), ("session", session?.hex), ("client", client), ("request_id", requestID),
            ("reason", reason),
        ]
        var line = WireBytes()
        if self.asJSON {
            line.beginLogLine(time: Timestamp.now.text)
            line.append(",\"level\":\"notice\",\"message\":\"audit\"")
            line.writeLogMember("event", event.rawValue)
            for (name, value) in members { if let value { line.writeLogMember(named: name, value) } }
            line.endLogLine()
        } else {
            line.append("\(Timestamp.now.text) audit \(event.rawValue)")
            for (name, value) in members { if let value { line.append(" \(name)=\(printable(value))") } }
            line.append("\n")
        }
        self.sink.write(ByteBuffer(bytes: line.bytes))
    }
}
