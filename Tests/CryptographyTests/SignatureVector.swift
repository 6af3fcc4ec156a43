import Cryptography
import Testing

/// Keys, messages and signatures that others have published.
struct SignatureVector: CustomTestStringConvertible {
    let testDescription: String
    let algorithm: SignatureAlgorithm
    let numbers: PublicKeyNumbers
    let message: [UInt8]
    let signature: [UInt8]

    private init(_ description: String, _ algorithm: SignatureAlgorithm, _ numbers: PublicKeyNumbers, _ jws: String) {
        testDescription = description
        self.algorithm = algorithm
        self.numbers = numbers
        let dot = jws.utf8.lastIndex(of: UInt8(ascii: ".")) ?? jws.utf8.endIndex
        message = Array(jws.utf8[..<dot])
        signature = bytes(String(jws[dot...].dropFirst()))
    }

    /// The examples of RFC 7515 appendix A and RFC 8037 appendix A.4.
    static let all = [
        SignatureVector(
            "RFC 7515 A.2",
            .RS256,
            .rsa(modulus: rsaModulus, exponent: bytes("AQAB")),
            "eyJhbGciOiJSUzI1NiJ9.\(claims)."
                + "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujG"
                + "bds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K"
                + "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6"
                + "LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        ),
        SignatureVector(
            "RFC 7515 A.3",
            .ES256,
            p256,
            "eyJhbGciOiJFUzI1NiJ9.\(claims)."
                + "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        ),
        SignatureVector(
            "RFC 7515 A.4",
            .ES512,
            .elliptic(
                curve: .p521,
                x: bytes("AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk"),
                y: bytes("ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2")
            ),
            "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA."
                + "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwF"
                + "KdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"
        ),
        SignatureVector(
            "RFC 8037 A.4",
            .EdDSA,
            .edwards(x: bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")),
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
                + ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        ),
    ]

    /// The key of RFC 7515 appendix A.3.
    static let p256 = PublicKeyNumbers.elliptic(
        curve: .p256,
        x: bytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
        y: bytes("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
    )

    /// The modulus of RFC 7515 appendix A.2.
    static let rsaModulus = bytes(
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4Ql"
            + "L-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs"
            + "LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoud"
            + "F8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
    )

    /// The public keys of RFC 7517 appendix A.1.
    static let keySet: [PublicKeyNumbers] = [
        .elliptic(
            curve: .p256,
            x: bytes("MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"),
            y: bytes("4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM")
        ),
        .rsa(
            modulus: bytes(
                "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWK"
                    + "RXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMic"
                    + "AtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3"
                    + "XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
            ),
            exponent: bytes("AQAB")
        ),
    ]

    private static let claims =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
}

/// RSASSA-PSS signatures of another implementation (Python's cryptography) over `message`.
enum PSSVector {
    static let message = Array("a message".utf8)
    static let numbers = PublicKeyNumbers.rsa(
        modulus: bytes(
            "s6Came-tY5F2gvn2MbnB4yLzEoZCSScvmvfm_NkL-hmJXGgaVBLIQCI7I66C4L8pmPQye5W3LSsvBhs_gsdK9bticxbVoZsJ"
                + "S1WHWRpVANGZI-HIzpXzbNTNmDqE1FbuJ5EYb1PfSTZNbeSNT7T7fGtuoXAHm3nEwpHN2QJd6Cwwd6tAUAwrfCxeWSkF1j-s"
                + "x0h9TXKAU4Q2_9_ZqKvS5fI6DXRPgpcCw-VTRl9dioe59XafFY4QUc74Xw1F2_PD55k-ElEcGZziv6xxIspVVPuyBJSnA9iF"
                + "GN-JYdmg1iEo7JuQB4zMSsCHwIIWoBc3Wu5UGAhDbJLKsBT2SohnZQ"
        ),
        exponent: [1, 0, 1]
    )

    static let good: [(SignatureAlgorithm, [UInt8])] = [
        (
            .PS256,
            bytes(
                "m77bQWOnWve3Cvsz7Qbw33LtAtH-OrKB55Y7PFfFjbwPXOYIA2tYTqXm2eWexDMT2M4wHsnOWNlymMLWt26gLfQ_93FD55BM"
                    + "kv1-fzuATFhwBxri1cBCmUQxVMET2dbK9NTkXcnw2zrWkRBg2FqtCIyliYFQ-jTcpGHcoFga1-LgpHrF3TYOo5vE3S6lxkIP"
                    + "_jOv3fjsn8id4_vfOAx58SeeDzCYbKy5ucGcRuYrUyxNeqhHUEJ9z3CbeeBH9SOb5rf6GB1hD9nBeNU45YAoqfHKX3vozDRW"
                    + "4y5aMRBhJZTVwxAmUW8ket_ibhKxB6Cr3vSAuR4Sn_Q5eUxWuimu2w"
            )
        ),
        (
            .PS384,
            bytes(
                "IFBQ1O41IVRW2rXwuMveTa3hwkEFaA3yZNJbsqHNR_QQHT1FaokEJT12lxGLBE_trpmi2dSgfKWPEXqSNOj4Fmr9xDVeOiFX"
                    + "hxHM4DWkfPplJDLjla2Kr4y3u5UikTfqUk_CPri0vcPk4tzlUV9QU8VtIYR5X3w11KncHDLrx70XUsye7mVa5u7z_7qqrPGL"
                    + "Yc1-48CrB8bJ58ViPzuK4iZ2S_FjTaXgIHUjVCA2Yl6sBOP5tB4hj1h4JywHnfxU-9zIRpzm7DoCVd69NKzsEeAO8hr2uUvS"
                    + "PnMR663lp59E54TqonmNwVDKRe-GlC1jD4ZItNqHZnt8Wc9ssMGrzQ"
            )
        ),
        (
            .PS512,
            bytes(
                "mgO3hRsL5ownmJ3M2A14Assm-qUVWYwwdinVXk4ADql77TL630iTRXmzVU1rumoRTCvCUkatGBqFwTjLLgCyV_qCI57IdrZW"
                    + "DQmNQm_US_IUp8c8bZekxI_tJvueDm_J4nM8hj78O5cx7bNR4Y2OWp1pWSdT9YGK7I6zY2np7dUS7Dt32GUoVlp09fAm9yGN"
                    + "kTge7chDqZVWITwmJCyM4zhqZvUJ98YpLNZ6wapxspA0J_KLNpCC-fMHpo9wvlI_8bLQHEUG5amQ_EN_6rn6mpqTsJmCT8DU"
                    + "-xofZxdNMETvkV7ZMB9yylu8sJm8zv5yF1mDuZu885iCcJJpXQxwMA"
            )
        ),
    ]

    /// With SHA-256, but a salt of 20 bytes, a salt as long as possible, and MGF1 with SHA-1.
    static let odd = [
        bytes(
            "C8T7UxXKKh53-mx80--UhxmC80pM7Mtb6AANlwpG7zy2o_kWsS7w92Cz6yk5detngxF9eqDiKKtvYI6kJQLLC85tAdBAKr0t"
                + "jxa7KWsZ9Altivx9gPWJwrLu1oBLLXp32klpGNO2kNP6CPQqkX52SDnlb3mNrtvsaRLrtCdyIqXoxXAhKBpziWkKthd6RYk2"
                + "6_6MerRGOgl7kcM5jixSaiK-dDQh1_ZXDh92d-gtz2fKa3_yPQ7crxxDugDm-tLKKVReiBfOaIgVFbB22q_KTATytzSsPPJl"
                + "zQ5MgTMrVN2eDW3whL52e7xMlAlKTxsE5WTS-gqFdPXpflTSsppMxA"
        ),
        bytes(
            "nPclAFdlXGan4VELe7mPs1bzkMjufXozSZUh10vWBvj2LTn4GpE9S7SEkNuGuMK6JEZyHz76BnbVZxcDBF2QS8aJUG12Edyq"
                + "c7xP75WBn6vXVX5ArzmIGnPHVea3SWMhfC1hKi_-V6P-ZtXolemVXm8n1ZG8EB2kUzq4uN51G5tULyGPIAqa4zjETBiI86Ds"
                + "U0TZYiPEfn4iQh-F1lIL4p92ZtORtaELY4pkr8p2et-7d-rw8YwyOPqsO-mqw0-nuYFX8Jux0EL8atVN8YnssrdyM6_Lbczo"
                + "4_HHO56V94BRRCYqU8t8sQoZ8DodgcgNikAWSy4W1ASF2UogdV7mSQ"
        ),
        bytes(
            "d-T27vC6crRTlMD1MLJVjCG-e7CrVcRs6hItFOTn6xRndyX4K2cY5-aTuhY1ftmukggD9ksec02lfczdkaajnJt5zgB_xrwm"
                + "4x_Ty4FWfXweAuqMhivENUv8Q9GmoArAzVJufwcNOowLIdAm_nROqXwa5-8t6TbltL2Ng5lTpzR2TBRKI7im2Vdow7odWiI0"
                + "dscotvJAt4BUHYbXFYSkfUxpwSz6mtvn6mWO0ryhF20Wvb-Y1bmf_9glXGfWzk-3fhuWvvIjBqD_sdrYoFniH7qgbgczXjCJ"
                + "8skUISKlWgyn1quYAp2nIIOcJnYydVu9r5O85Hc8a66sb5GU9c1pdQ"
        ),
    ]
}

private func bytes(_ text: String) -> [UInt8] {
    Base64URL.decode(text) ?? []
}
