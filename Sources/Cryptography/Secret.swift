private import COpenSSL

/// Bytes that never print and are wiped when the last copy of the value is dropped.
package struct Secret: Sendable {
    private let storage: Storage

    /// A secret of its own memory; the caller's array is not wiped.
    package init(_ bytes: [UInt8]) {
        storage = Storage(bytes)
    }

    /// A secret from the UTF-8 of a text, as a configuration file holds it.
    package init(_ text: String) {
        storage = Storage(text.utf8)
    }

    /// The number of bytes.
    package var count: Int { unsafe storage.bytes.count }

    /// Lends the bytes. What the closure copies or keeps is not wiped.
    package func withBytes<Result, Failure: Error>(
        _ body: ([UInt8]) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(storage.bytes)
    }

    /// The memory of a secret, shared by its copies.
    private final class Storage: Sendable {
        // Written by `deinit` alone, when nobody else can hold this object: shared reading is all that happens before.
        nonisolated(unsafe) private(set) var bytes: [UInt8]

        init(_ bytes: some Collection<UInt8>) {
            // Copied element by element: an array taken over as it is would share its buffer with the caller, and
            // wiping would then wipe a fresh copy.
            var copy: [UInt8] = []
            copy.reserveCapacity(bytes.count)
            for byte in bytes { copy.append(byte) }
            unsafe self.bytes = copy
        }

        deinit {
            let count = unsafe bytes.count
            unsafe OPENSSL_cleanse(&bytes, count)
        }
    }
}

extension Secret: Equatable {
    /// Whether both hold the same bytes, compared in constant time.
    package static func == (left: Secret, right: Secret) -> Bool {
        left.withBytes { left in right.withBytes { right in constantTimeEqual(left, right) } }
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always the same words.
    package var description: String { "(secret)" }
    /// Always the same words.
    package var debugDescription: String { "(secret)" }
    /// Nothing: `dump` prints no more than the description.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
