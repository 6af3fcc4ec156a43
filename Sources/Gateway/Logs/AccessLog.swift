import NIOCore
import NIOHTTP1

/// One line for each exchange, collected by the worker and handed over in bulk.
final class AccessLog {
    /// What one line says. No query string, no cookie, no token.
    struct Entry {
        let requestID: String
        let client: String
        let method: String
        let host: String
        /// Without the query.
        let path: Substring.UTF8View
        let status: Int
        let route: String?
        let decision: String?
        let subject: String?
        let bytesIn: Int
        let bytesOut: Int
        let duration: TimeAmount
        let fault: Fault?
    }

    private static let handOverSize = 16 << 10

    private let sink: LogSink
    private let asJSON: Bool
    private var lines = ByteBuffer()
    /// Rendering a date for each line would cost more than the rest of it.
    private var time = Timestamp.now.text

    init(sink: LogSink, asJSON: Bool) {
        self.sink = sink
        self.asJSON = asJSON
    }

    func write(_ entry: Entry) {
        if self.asJSON { self.writeJSON(entry) } else { self.writeText(entry) }
        if self.lines.readableBytes >= Self.handOverSize { self.handOver() }
    }

    /// Called on every tick of the worker.
    func handOver() {
        self.time = Timestamp.now.text
        guard self.lines.readableBytes > 0 else { return }
        self.sink.write(self.lines)
        self.lines = ByteBuffer()
    }

    private func writeJSON(_ entry: Entry) {
        self.lines.beginLogLine(time: self.time)
        self.lines.writeLogMember("level", "info")
        self.lines.writeLogMember("message", "exchange")
        self.lines.writeLogMember("request_id", entry.requestID)
        self.lines.writeLogMember("client", entry.client)
        self.lines.writeLogMember("method", entry.method)
        self.lines.writeLogMember("host", entry.host)
        self.lines.writeLogMember("path", entry.path)
        self.lines.writeLogMember("status", entry.status)
        if let route = entry.route { self.lines.writeLogMember("route", route) }
        if let decision = entry.decision { self.lines.writeLogMember("decision", decision) }
        if let subject = entry.subject { self.lines.writeLogMember("subject", subject) }
        self.lines.writeLogMember("bytes_in", entry.bytesIn)
        self.lines.writeLogMember("bytes_out", entry.bytesOut)
        self.lines.writeLogMember("duration_ms", entry.duration)
        if let fault = entry.fault {
            self.lines.writeLogMember("fault", fault.source.rawValue)
            self.lines.writeLogMember("reason", fault.reason)
            if let detail = fault.detail { self.lines.writeLogMember("detail", detail) }
        }
        self.lines.endLogLine()
    }

    private func writeText(_ entry: Entry) {
        let words = [
            self.time, "exchange", entry.client, entry.method, entry.host + printable(String(Substring(entry.path))),
            String(entry.status), entry.route ?? "-", entry.decision ?? "-", entry.subject.map(printable) ?? "-",
            "\(entry.duration.nanoseconds / 1_000_000)ms", entry.requestID,
            entry.fault.map { "(\($0.source.rawValue): \($0.reason))" } ?? "",
        ]
        self.lines.writeString(words.joined(separator: " ") + "\n")
    }
}

@available(*, unavailable)
extension AccessLog: Sendable {}
