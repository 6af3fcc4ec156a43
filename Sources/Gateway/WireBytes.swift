import NIOCore

/// Bytes of a message being put together. An array: appending a short string to one costs a fraction of what it costs to
/// write it into a `ByteBuffer`, and a head has dozens.
package struct WireBytes {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Forgets the bytes, keeps their storage.
    package mutating func clear() {
        self.bytes.removeAll(keepingCapacity: true)
    }

    package mutating func append(_ text: String) {
        self.bytes.append(contentsOf: text.utf8)
    }

    package mutating func append(_ bytes: [UInt8]) {
        self.bytes.append(contentsOf: bytes)
    }

    package mutating func append(_ bytes: Substring.UTF8View) {
        self.bytes.append(contentsOf: bytes)
    }

    package mutating func append(_ bytes: ArraySlice<UInt8>) {
        self.bytes.append(contentsOf: bytes)
    }

    mutating func append(_ bytes: ByteBufferView) {
        self.bytes.append(contentsOf: bytes)
    }

    package mutating func append(_ id: RequestID) {
        id.write(into: &self)
    }

    package mutating func append(_ byte: UInt8) {
        self.bytes.append(byte)
    }

    /// A decimal number.
    package mutating func append(_ number: Int) {
        guard number >= 10 || number < 0 else { return self.bytes.append(UInt8(ascii: "0") + UInt8(number)) }
        self.bytes.append(contentsOf: String(number).utf8)
    }

    /// `Name: value` and the line's end. Both come from a parser that has refused control characters, or from us.
    package mutating func appendField(_ name: String, _ value: String) {
        self.bytes.append(contentsOf: name.utf8)
        self.bytes.append(UInt8(ascii: ":"))
        self.bytes.append(UInt8(ascii: " "))
        self.bytes.append(contentsOf: value.utf8)
        self.bytes.append(0x0d)
        self.bytes.append(0x0a)
    }
}
