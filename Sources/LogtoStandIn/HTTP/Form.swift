/// Fields in `application/x-www-form-urlencoded` (WHATWG URL, section 5), in the order they came.
package struct Form: Sendable, Equatable {
    /// One name and its value, decoded.
    package struct Field: Sendable, Equatable {
        /// Decoded.
        package let name: String
        /// Decoded; may be empty.
        package let value: String
    }

    /// All of them, empty and repeated ones too.
    package private(set) var fields: [Field] = []

    /// No fields.
    package init() {}

    /// Reads encoded bytes. Whatever is not valid is kept as it stands; nothing is refused.
    package init(encoded bytes: some Sequence<UInt8>) {
        for pair in Array(bytes).split(separator: UInt8(ascii: "&")) {
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            let value = pair.dropFirst(name.count + 1)
            append(Form.decode(name), Form.decode(value))
        }
    }

    /// The first value of this name; an empty one counts as absent, as in panva's provider.
    package subscript(_ name: String) -> String? {
        let value = fields.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
        return value == "" ? nil : value
    }

    /// Every value of this name, empty ones left out.
    package func all(_ name: String) -> [String] {
        fields.filter { $0.name.utf8.elementsEqual(name.utf8) && !$0.value.isEmpty }.map(\.value)
    }

    /// The first name that occurs twice, the exceptions aside.
    func duplicatedName(except allowed: [String] = []) -> String? {
        var seen: Set<[UInt8]> = []
        for field in fields where !allowed.contains(field.name) {
            if !seen.insert(Array(field.name.utf8)).inserted { return field.name }
        }
        return nil
    }

    /// Adds a field at the end.
    package mutating func append(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// Adds a field if there is a value.
    mutating func append(_ name: String, ifPresent value: String?) {
        if let value { append(name, value) }
    }

    /// Removes every field of this name.
    mutating func remove(_ name: String) {
        fields.removeAll { $0.name.utf8.elementsEqual(name.utf8) }
    }

    /// The fields as a query or body: a space is a plus sign, as browsers write it.
    package var encoded: String {
        fields.map { Form.encode($0.name) + "=" + Form.encode($0.value) }.joined(separator: "&")
    }

    /// One value, encoded for a form.
    package static func encode(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: " "):
                bytes.append(UInt8(ascii: "+"))
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "*"), UInt8(ascii: "-"),
                UInt8(ascii: "."), UInt8(ascii: "_"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), hexDigit(byte >> 4), hexDigit(byte & 15)]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// One value, decoded: plus signs are spaces, `%XX` are bytes, anything else is itself.
    package static func decode(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: decodedBytes(Array(bytes), plusIsSpace: true), as: UTF8.self)
    }

    /// The bytes behind percent-encoding.
    static func decodedBytes(_ bytes: [UInt8], plusIsSpace: Bool) -> [UInt8] {
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%"), index + 2 < bytes.count,
                let high = hexValue(bytes[index + 1]), let low = hexValue(bytes[index + 2])
            {
                result.append(high << 4 | low)
                index += 3
                continue
            }
            result.append(byte == UInt8(ascii: "+") && plusIsSpace ? UInt8(ascii: " ") : byte)
            index += 1
        }
        return result
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
