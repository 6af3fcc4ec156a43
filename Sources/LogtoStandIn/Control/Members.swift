import JSON

/// A refusal of the control port.
struct ControlError: Error {
    let reason: String
    var status = 400
}

/// The members of a control request, read by name one after another. Names are compared without underscores and case,
/// so that `redirectUris` and `redirect_uris` are one. A name that nobody read is an error: it is a mistake in a test.
struct Members {
    private var left: [JSONMember]
    private var known: [String] = []

    init(_ json: JSON) throws(ControlError) {
        guard let members = json.objectValue else { throw ControlError(reason: "a JSON object is expected") }
        left = members
    }

    /// The value; nil when it is absent.
    mutating func take(_ name: String) -> JSON? {
        known.append(name)
        guard let index = left.firstIndex(where: { Members.folded($0.name) == Members.folded(name) }) else {
            return nil
        }
        return left.remove(at: index).value
    }

    /// Sets a text if one was sent.
    mutating func read(_ name: String, into target: inout String) throws(ControlError) {
        guard let value = take(name) else { return }
        target = try Members.text(value, name)
    }

    /// Sets a text if one was sent, or clears it if null was.
    mutating func read(_ name: String, into target: inout String?) throws(ControlError) {
        guard let value = take(name) else { return }
        target = value == .null ? nil : try Members.text(value, name)
    }

    mutating func read(_ name: String, into target: inout Bool) throws(ControlError) {
        guard let value = take(name) else { return }
        guard let flag = value.boolValue else { throw ControlError(reason: "\(name): true or false is expected") }
        target = flag
    }

    mutating func read(_ name: String, into target: inout Int64) throws(ControlError) {
        guard let value = take(name) else { return }
        target = try Members.number(value, name)
    }

    mutating func read(_ name: String, into target: inout Int64?) throws(ControlError) {
        guard let value = take(name) else { return }
        target = value == .null ? nil : try Members.number(value, name)
    }

    mutating func read(_ name: String, into target: inout Int?) throws(ControlError) {
        guard let value = take(name) else { return }
        target = value == .null ? nil : Int(try Members.number(value, name))
    }

    mutating func read(_ name: String, into target: inout [String]) throws(ControlError) {
        guard let value = take(name) else { return }
        guard let values = value.arrayValue, let texts = Members.texts(values) else {
            throw ControlError(reason: "\(name): an array of strings is expected")
        }
        target = texts
    }

    mutating func read(_ name: String, into target: inout [JSONMember]) throws(ControlError) {
        guard let value = take(name) else { return }
        guard let members = value.objectValue else { throw ControlError(reason: "\(name): an object is expected") }
        target = members
    }

    /// One of the raw values of an enumeration.
    mutating func read<Choice: RawRepresentable & CaseIterable>(
        _ name: String,
        into target: inout Choice
    ) throws(ControlError) where Choice.RawValue == String {
        guard let value = take(name) else { return }
        guard let choice = value.stringValue.flatMap(Choice.init(rawValue:)) else {
            let allowed = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlError(reason: "\(name): one of \(allowed) is expected")
        }
        target = choice
    }

    /// A text that must be there.
    mutating func text(_ name: String) throws(ControlError) -> String {
        guard let value = take(name) else { throw ControlError(reason: "\(name) is missing") }
        return try Members.text(value, name)
    }

    /// Fails for members that nobody asked for.
    func finish() throws(ControlError) {
        guard let stranger = left.first else { return }
        throw ControlError(reason: "unknown member \(stranger.name); known: \(known.joined(separator: ", "))")
    }

    private static func folded(_ name: String) -> [UInt8] {
        Array(name.lowercased().utf8).filter { $0 != UInt8(ascii: "_") }
    }

    private static func texts(_ values: [JSON]) -> [String]? {
        let texts = values.compactMap(\.stringValue)
        return texts.count == values.count ? texts : nil
    }

    private static func text(_ value: JSON, _ name: String) throws(ControlError) -> String {
        guard let text = value.stringValue else { throw ControlError(reason: "\(name): a string is expected") }
        return text
    }

    /// Bounded, so that no arithmetic with it can overflow.
    private static func number(_ value: JSON, _ name: String) throws(ControlError) -> Int64 {
        guard let number = value.integerValue, abs(number) <= 100_000_000_000 else {
            throw ControlError(reason: "\(name): a whole number is expected")
        }
        return number
    }
}
