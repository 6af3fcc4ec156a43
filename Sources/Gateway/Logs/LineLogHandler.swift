package import Logging
import NIOCore

/// Writes swift-log's events as lines: JSON for machines, text for a terminal.
package struct LineLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level

    private let sink: LogSink
    private let asJSON: Bool

    package init(sink: LogSink, level: Logger.Level, asJSON: Bool) {
        self.sink = sink
        self.logLevel = level
        self.asJSON = asJSON
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let metadata = self.metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        var line = WireBytes()
        if self.asJSON {
            line.beginLogLine(time: Timestamp.now.text)
            line.writeLogMember("level", event.level.rawValue)
            line.writeLogMember("message", event.message.description)
            for (key, value) in metadata { line.writeLogMember(named: key, value.description) }
            line.endLogLine()
        } else {
            line.append("\(Timestamp.now.text) \(event.level.rawValue) \(event.message)")
            for (key, value) in metadata { line.append(" \(key)=\(printable(value.description))") }
            line.append("\n")
        }
        self.sink.write(ByteBuffer(bytes: line.bytes))
    }
}
