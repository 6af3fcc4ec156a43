/// Copies field lines from one head to another. Lines that stand next to each other are copied at once.
struct LineCopies {
    private var start = 0
    private var end = 0

    mutating func add(_ field: FieldLine, of bytes: [UInt8], to wire: inout WireBytes) {
        guard field.isPlain else {
            self.flush(bytes, to: &wire)
            wire.append(bytes[field.name])
            wire.append(": ")
            wire.append(bytes[field.value])
            wire.append("\r\n")
            return
        }
        if self.end != field.line.lowerBound {
            self.flush(bytes, to: &wire)
            self.start = field.line.lowerBound
        }
        self.end = field.line.upperBound
    }

    /// To be called behind the last line, and before anything else is written.
    mutating func flush(_ bytes: [UInt8], to wire: inout WireBytes) {
        guard self.end > self.start else { return }
        wire.append(bytes[self.start..<self.end])
        self.start = 0
        self.end = 0
    }
}
