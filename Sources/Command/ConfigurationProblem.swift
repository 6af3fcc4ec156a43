/// One thing that is wrong with the configuration, or, as a warning, that is allowed but hardly meant.
///
/// It never holds a secret: what is found at a key that takes one is described, not repeated.
package struct ConfigurationProblem: Sendable, Equatable {
    /// Where a setting comes from.
    package enum Place: Sendable, Equatable {
        /// A line of the file, counted from 1; `nil` when it is about the file as a whole.
        case file(String, line: Int?)
        /// An environment variable.
        case environment
    }

    package let place: Place
    /// `section.key`, or the name of the environment variable; `nil` when it is about no key.
    package let key: String?
    /// What is wrong, on one line.
    package let message: String

    package init(place: Place, key: String?, message: String) {
        self.place = place
        self.key = key
        self.message = message
    }

    /// "found …; allowed …", and what may have been meant.
    package init(place: Place, key: String, found: String, allowed: String, hint: String? = nil) {
        let ending = hint.map { "; \($0)" } ?? ""
        self.init(place: place, key: key, message: "found \(found); allowed \(allowed)\(ending)")
    }

    /// A stranger's text between quotation marks: short, on one line, without control characters.
    package static func quoted(_ text: String) -> String {
        let limit = 80
        var shown = ""
        for scalar in text.unicodeScalars.prefix(limit) {
            switch scalar {
            case "\n": shown += "\\n"
            case "\r": shown += "\\r"
            case "\t": shown += "\\t"
            case "\"", "\\": shown += "\\\(scalar)"
            default:
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse, .surrogate:
                    shown += "\\u{\(String(scalar.value, radix: 16))}"
                default: shown.unicodeScalars.append(scalar)
                }
            }
        }
        return text.unicodeScalars.count > limit ? "\"\(shown)…\"" : "\"\(shown)\""
    }

    /// A key as it stands in the file: quoted unless it is a bare one.
    package static func plain(_ key: String) -> String {
        let isBare =
            (1...80).contains(key.utf8.count)
            && key.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"): true
                default: false
                }
            }
        return isBare ? key : self.quoted(key)
    }

    /// The values as a list to choose from.
    package static func quoted(_ choices: [String]) -> String {
        choices.map { quoted($0) }.joined(separator: ", ")
    }

    /// "did you mean …?" when one of `choices` is near.
    package static func suggestion(for word: String, among choices: [String]) -> String? {
        EditDistance.nearest(to: word, among: choices).map { "did you mean \(quoted($0))?" }
    }
}

extension ConfigurationProblem: CustomStringConvertible {
    /// `FILE:LINE: KEY: MESSAGE`.
    package var description: String { self.line(marked: nil) }

    /// The same, marked as a warning.
    package var warning: String { self.line(marked: "warning") }

    private func line(marked mark: String?) -> String {
        [self.place.description, mark, self.key, self.message].compactMap(\.self).joined(separator: ": ")
    }
}

extension ConfigurationProblem.Place: CustomStringConvertible {
    package var description: String {
        switch self {
        case .file(let path, let line?): "\(path):\(line)"
        case .file(let path, nil): path
        case .environment: "environment"
        }
    }

    /// Sorts by line; what is about the whole file comes first, the environment last.
    package var order: Int {
        switch self {
        case .file(_, let line): line ?? 0
        case .environment: .max
        }
    }
}
