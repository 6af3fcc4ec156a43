import Access
import NIOCore

/// One line for each exchange, collected by the worker and handed over in bulk.
final class AccessLog {
    private static let handOverSize = 16 << 10

    private let sink: LogSink
    private let asJSON: Bool
    private let format: Configuration.AccessLogFormat
    private var lines = WireBytes()
    /// Rendering a date for each line would cost more than the rest of it.
    private var time = Timestamp.now.text

    init(sink: LogSink, asJSON: Bool, format: Configuration.AccessLogFormat) {
        self.sink = sink
        self.asJSON = asJSON
        self.format = format
    }

    /// What one line says: no query string, no cookie, no token.
    ///
    /// - Parameter peer: the other end of the connection, for a request that was not understood.
    func write(_ exchange: CurrentExchange, peer: String, duration: TimeAmount) {
        if self.format == .combined {
            self.writeCombined(exchange, peer)
        } else if self.asJSON {
            self.writeJSON(exchange, peer, duration)
        } else {
            self.writeText(exchange, peer, duration)
        }
        if self.lines.bytes.count >= Self.handOverSize { self.handOver() }
    }

    /// Called on every tick of the worker.
    func handOver() {
        self.time = Timestamp.now.text
        guard !self.lines.bytes.isEmpty else { return }
        self.sink.write(ByteBuffer(bytes: self.lines.bytes))
        self.lines.clear()
    }

    private func writeJSON(_ exchange: CurrentExchange, _ peer: String, _ duration: TimeAmount) {
        self.lines.beginLogLine(time: self.time)
        self.lines.append(",\"level\":\"info\",\"message\":\"exchange\"")
        self.lines.writeLogMember("request_id", exchange.requestID)
        self.lines.writeLogMember("client", exchange.client?.text ?? peer)
        self.lines.writeLogMember("method", exchange.method)
        self.lines.writeLogMember("host", exchange.access?.authority.text ?? "")
        if let target = exchange.access?.target { self.lines.writeLogMember("path", target.path) }
        self.lines.writeLogMember("status", exchange.status)
        if let route = exchange.route?.name { self.lines.writeLogMember("route", route) }
        if let decision = exchange.decision?.rawValue { self.lines.writeLogMember("decision", decision) }
        if let subject = exchange.session?.session.identity.subject { self.lines.writeLogMember("subject", subject) }
        if let trace = exchange.trace {
            self.lines.writeLogMember("trace_id", trace.traceID)
            self.lines.writeLogMember("span_id", trace.spanID)
        }
        self.lines.writeLogMember("bytes_in", exchange.bytesIn)
        self.lines.writeLogMember("bytes_out", exchange.bytesOut)
        self.lines.writeLogMember("duration_ms", duration)
        if let time = exchange.upstreamTime { self.lines.writeLogMember("upstream_ms", time) }
        if let fault = exchange.fault {
            self.lines.writeLogMember("fault", fault.source.rawValue)
            self.lines.writeLogMember("reason", fault.reason)
            if let detail = fault.detail { self.lines.writeLogMember("detail", detail) }
        }
        self.lines.endLogLine()
    }

    /// As Apache's `combined`: the query and the referrer may hold what does not belong in a log.
    private func writeCombined(_ exchange: CurrentExchange, _ peer: String) {
        let path = exchange.access.map { String(Substring($0.target.path)) } ?? "-"
        let subject = exchange.session.map { Self.quotable($0.session.identity.subject) } ?? "-"
        let request = "\(exchange.method) \(Self.quotable(path)) HTTP/1.1"
        self.lines.append(
            "\(exchange.client?.text ?? peer) - \(subject.isEmpty ? "-" : subject) [\(Timestamp.now.logDate)] "
        )
        self.lines.append("\"\(request)\" \(exchange.status) \(exchange.bytesOut) \"-\" ")
        self.lines.append("\"\(Self.quotable(exchange.userAgent ?? "-"))\"\n")
    }

    /// Without what could end a word of the line or the line.
    private static func quotable(_ text: String) -> String {
        String(
            decoding: text.utf8.map { $0 <= 0x20 || $0 == 0x7F || $0 == 0x22 || $0 == 0x5C ? 0x5F : $0 },
            as: UTF8.self
        )
    }

    private func writeText(_ exchange: CurrentExchange, _ peer: String, _ duration: TimeAmount) {
        let words = [
            self.time, "exchange", exchange.client?.text ?? peer, exchange.method,
            (exchange.access?.authority.text ?? "")
                + printable(exchange.access.map { String(Substring($0.target.path)) } ?? ""),
            String(exchange.status), exchange.route?.name ?? "-", exchange.decision?.rawValue ?? "-",
            printable(exchange.session?.session.identity.subject ?? "-"),
            "\(duration.nanoseconds / 1_000_000)ms", exchange.requestID.description,
            exchange.fault.map { "(\($0.source.rawValue): \($0.reason))" } ?? "",
        ]
        self.lines.append(words.joined(separator: " ") + "\n")
    }
}

@available(*, unavailable)
extension AccessLog: Sendable {}
