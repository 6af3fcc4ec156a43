private import COpenSSL

/// Overwrites bytes in a way that the optimiser keeps.
func wipe(_ bytes: consuming MutableSpan<UInt8>) {
    unsafe bytes.withUnsafeMutableBufferPointer { bytes in
        unsafe OPENSSL_cleanse(bytes.baseAddress, bytes.count)
    }
}
