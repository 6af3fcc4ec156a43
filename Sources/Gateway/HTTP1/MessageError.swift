/// Why bytes are not a message as RFC 9112 has it. What they are instead is not asked: where two readings are possible,
/// somebody else takes the other one.
package enum MessageError: Error, Equatable {
    /// Against the grammar; the sentence is for the log and names nothing a stranger sent.
    case malformed(String)
    case startLineTooLong
    case fieldsTooLarge
}
