package import Logging

/// `[log]`: what is written, and how.
extension Configuration {
    package enum LogFormat: String, Sendable, CaseIterable {
        case auto
        case json
        case text
    }

    package enum AccessLogFormat: String, Sendable, CaseIterable {
        /// Named values, as JSON or text like the rest of the log.
        case fields
        /// What web servers have written since the nineties, without query and referrer.
        case combined
    }

    package struct Log: Sendable {
        package var level = Logger.Level.info
        package var format = LogFormat.auto
        package var access = true
        package var accessFormat = AccessLogFormat.fields
        /// Whether exchanges take part in W3C traces.
        package var trace = false
        package var audit = true

        package init() {}
    }
}
