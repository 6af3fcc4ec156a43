import OpenIDConnect

/// Keys and ID tokens made by somebody else's library: joserfc 1.6.5, from PyPI.
///
/// The claims are those of Logto 1.42 (a null, milliseconds, no `at_hash`), the header has no `typ`, and the RSA key
/// has no `alg`.
enum Joserfc {
    static let issuer = "https://auth.example.com/oidc"
    static let clientID = "gatehouse"
    static let nonce = "n0nce"
    static let issuedAt = Instant(seconds: 1_795_242_526)

    static let keySet = #"""
        {"keys":[{"n":"s9fWKrFuChOAJYA1ykgVaemsagVEMfyby_EClJ2g9FG92UFINe6j-Z6zv6_KGrn3HF_qMN7a596uEQCZiSEIlRZM1\#
        KnBApM7gf0XpR-pTNE1OX4P1s2vl4_2GDQ5PH-InRii-0-SDN0Zx7mvp-K7YmBUtFokHgIxrm9YCx2A0mgOpmYCvw1OEXQ8I0EJ7yD8F\#
        HGne-XRzAZj1vlXYfkHDbhLzWg_rSEFBOC72lSt6UdXxQzHdzfodS3dOzUt9nyb7mx4qRHtFpZY2h3_bFcWOv74eq1TFXwqSmqmwzh-Y\#
        TSLQepDsbkvoDaHxEalDfHOHZwbw9bb4WDpokEtfUSTvQ","e":"AQAB","use":"sig","kid":"rsa","kty":"RSA"},{"crv":"P\#
        -256","x":"pIW_nGftT2X-ASBD15LIQqIfEn-7sAWEhERZDMTBxZ4","y":"OF8sJ5PfKmvx7RCmkme28jUEPBwSp-Y46OcCXX94b-I\#
        ","use":"sig","kid":"p256","alg":"ES256","kty":"EC"},{"crv":"P-384","x":"A2Gouen1_5WPcgL2pGFPh4CyDaBeeLX\#
        L05Ne_xmKgS2vRQlOF3J097G4UrRjyTm6","y":"ra6Su9BVqQav5rzb1jfbJC7BsPSXibMULXWsJCsWkNjiqxKkuvVrMGsNjUENkSGa\#
        ","use":"sig","kid":"p384","alg":"ES384","kty":"EC"},{"crv":"P-521","x":"AABJVs1uSqllcxAAbSAeb2e7_PQ3xHB\#
        Xaoe4nmSkInR_Yl6XSauYY__yF192iai0iugFP9jgqjMY_OtMA0fAn4IA","y":"Acm-58kl2LD9sxE4QqzpNp4kU5MBstO8L0qipIIX\#
        9fkoKWtHygr5vXzzbxYXIgp33dL9ziQC6nosNWevACJhtTQf","use":"sig","kid":"p521","alg":"ES512","kty":"EC"},{"c\#
        rv":"Ed25519","x":"NF26HWeR6HoVeeHnDbCtQoGZwh3BWe8-nawdntg3USk","use":"sig","kid":"edwards","alg":"EdDSA\#
        ","kty":"OKP"}]}
        """#

    /// By the algorithm that signed them.
    static let tokens: [(algorithm: String, token: String)] = [
        (
            "ES384",
            """
            eyJhbGciOiJFUzM4NCIsImtpZCI6InAzODQifQ.eyJzdWIiOiI3MDZsamUwdnF2ZmUiLCJuYW1lIjoiQWxpY2UgTGlkZGVsbCIsI\
            mVtYWlsIjpudWxsLCJ1cGRhdGVkX2F0IjoxNzAwMDAwMDAwMDAwLCJub25jZSI6Im4wbmNlIiwiYXVkIjoiZ2F0ZWhvdXNlIiwiZ\
            XhwIjoxNzk1MjQ2MTI2LCJpYXQiOjE3OTUyNDI1MjYsImlzcyI6Imh0dHBzOi8vYXV0aC5leGFtcGxlLmNvbS9vaWRjIn0.n6BkF\
            3CnncZnjEGh_PXLbG15F7z7pL3I9tcQReAjPLShCiWSEYz4SJ-4LHxIqSW_KG_kxeTHntNyAFeGvisJTqh93RuWCH2PPpFV29gl5\
            5LQeCc9nxYM3RGbF4tUmabv
            """
        ),
        (
            "ES256",
            """
            eyJhbGciOiJFUzI1NiIsImtpZCI6InAyNTYifQ.eyJzdWIiOiI3MDZsamUwdnF2ZmUiLCJuYW1lIjoiQWxpY2UgTGlkZGVsbCIsI\
            mVtYWlsIjpudWxsLCJ1cGRhdGVkX2F0IjoxNzAwMDAwMDAwMDAwLCJub25jZSI6Im4wbmNlIiwiYXVkIjoiZ2F0ZWhvdXNlIiwiZ\
            XhwIjoxNzk1MjQ2MTI2LCJpYXQiOjE3OTUyNDI1MjYsImlzcyI6Imh0dHBzOi8vYXV0aC5leGFtcGxlLmNvbS9vaWRjIn0.Te-yy\
            0F1efc4TfKrx3ODv__3u9WGxQKMoYQZkjO4cNUG1UMl2jxDf_PHs7FfbfVgemD44vKuvvNXsPmcOe4A0Q
            """
        ),
        (
            "ES512",
            """
            eyJhbGciOiJFUzUxMiIsImtpZCI6InA1MjEifQ.eyJzdWIiOiI3MDZsamUwdnF2ZmUiLCJuYW1lIjoiQWxpY2UgTGlkZGVsbCIsI\
            mVtYWlsIjpudWxsLCJ1cGRhdGVkX2F0IjoxNzAwMDAwMDAwMDAwLCJub25jZSI6Im4wbmNlIiwiYXVkIjoiZ2F0ZWhvdXNlIiwiZ\
            XhwIjoxNzk1MjQ2MTI2LCJpYXQiOjE3OTUyNDI1MjYsImlzcyI6Imh0dHBzOi8vYXV0aC5leGFtcGxlLmNvbS9vaWRjIn0.AOO2F\
            em4wnpnqwoqQr3gcp_U-KCzrGVMCV0gbIBKutOeqvM56K5nOYrFE7ehzgll4-0sVSmKSBWEHMHIX5PHtA_XAdeLmKXUU9VTb3MYn\
            6uMqyx091R05orxVDZk58wIeMwv5d4BpTutc8HAziaTnkHoK6z53lzlBmhGMPypb8cCubOG
            """
        ),
        (
            "RS256",
            """
            eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9.eyJzdWIiOiI3MDZsamUwdnF2ZmUiLCJuYW1lIjoiQWxpY2UgTGlkZGVsbCIsImV\
            tYWlsIjpudWxsLCJ1cGRhdGVkX2F0IjoxNzAwMDAwMDAwMDAwLCJub25jZSI6Im4wbmNlIiwiYXVkIjoiZ2F0ZWhvdXNlIiwiZXh\
            wIjoxNzk1MjQ2MTI2LCJpYXQiOjE3OTUyNDI1MjYsImlzcyI6Imh0dHBzOi8vYXV0aC5leGFtcGxlLmNvbS9vaWRjIn0.QkziNf-\
            lToUZJJG9lIb0gHvKBWdjhlH5j8jAlna2Zdk6oGjOM9RjcPtl02IdR1kydUZACxJQbvwEwcDxGlxqvsdP3ClmCd1mPgnBpyBtu79\
            vm7cYNBYCYzDC9bNEIhYQOUXg1kk2ZJZmVsjJ-4BeiZP-nux8ASjc-K7fivESyhCB5Mj_L1V0G704HZFpxcp46Q6eiWKx4sQPqw-\
            -seWoRYhcVJ-3mVX2PbE-COvCSMd9Pbohu4Ohhr86fW3gc2QD2BVsfU6DPsdt9nWwdyiBYZXNYtaHkHUaNaJXyL-5i2PDh-Z6G3A\
            CTYS2Oz82-uUt_zuyRDonjYmd8Fz6p78klA
            """
        ),
        (
            "RS384",
            """
            eyJhbGciOiJSUzM4NCIsImtpZCI6InJzYSJ9.eyJzdWIiOiI3MDZsamUwdnF2ZmUiLCJuYW1lIjoiQWxpY2UgTGlkZGVsbCIsImV\
            tYWlsIjpudWxsLCJ1cGRhdGVkX2F0IjoxNzAwMDAwMDAwMDAwLCJub25jZSI6Im4wbmNlIiwiYXVkIjoiZ2F0ZWhvdXNlIiwiZXh\
            wIjoxNzk1MjQ2MTI2LCJpYXQiOjE3OTUyNDI1MjYsImlzcyI6Imh0dHBzOi8vYXV0aC5leGFtcGxlLmNvbS9vaWRjIn0.JhS--NT\
            j33vEFN5xn80UFyXUhWDwrOXytiDzDBnguzUpxuJQzw_VqNGVDmtSA13uEae9qOnxFcvZvRTRVt71g4AnjL9WdgmnGDkcck3-qRb\
            izScx3fAeNjY7E_55RKYZYsS-XS91y1XioM8kMQr9o1lF_ODnd-WNVu0khK2m2vCEV6QKbgHk3iwOuMXjMOVlc2AN-RgdPbGBHvA\
            ReHZKXxKswU-PqXdeN95_b8qa4Djkh9-vgMMsfWbcwcjC8sjeoSMp0emMEtHt3xyr8ipGw-o4vi3gzKOiEt8gWIlq7nmIpOjB3hU\
            7NdArHbE8WaTezHv05fXfsUigiQQybo6rAQ
            """
        ),
        (
            "RS512",
            """
            eyJhbGciOiJSUzUxMiIsImtpZCI6InJzYSJ9.eyJzdWIiOiI3MDZsamUwdnF2ZmUiLCJuYW1lIjoiQWxpY2UgTGlkZGVsbCIsImV\
            tYWlsIjpudWxsLCJ1cGRhdGVkX2F0IjoxNzAwMDAwMDAwMDAwLCJub25jZSI6Im4wbmNlIiwiYXVkIjoiZ2F0ZWhvdXNlIiwiZXh\
            wIjoxNzk1MjQ2MTI2LCJpYXQiOjE3OTUyNDI1MjYsImlzcyI6Imh0dHBzOi8vYXV0aC5leGFtcGxlLmNvbS9vaWRjIn0.oCLw75-\
            oNZa_2TC2kie84Et0NHDsm2DP1ol79LsTsDmha1P9FR5CmGaYIirQ3nxQBsyblrAou92xlrQgcUn5Cc3avDDWRTFy9CM-G57b-mJ\
            HDX7r-7Pa-SBWHDwE_EoM-y4YQuK3bL2_K5XAk780qNPaxKIOQ_z5jbus9bU1JHuk7iSPHdcUIpEmA5VbWh6Wa93aRgN6Rwp3G2d\
            P5wsJrrjM8VyJ6KOcVXjJj14tM5j6mIrUomqSTPHFsxAC8It8tGEWYMjsTjTE19TWv-F_LgEUzet9yfgs6_PUeqQRVS8zkr1LPes\
            0jO9rYlxehKW6QasXnJ8MqEnGpmuz6qlL2A
            """
        ),
        (
            "PS256",
            """
            eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSJ9.eyJzdWIiOiI3MDZsamUwdnF2ZmUiLCJuYW1lIjoiQWxpY2UgTGlkZGVsbCIsImV\
            tYWlsIjpudWxsLCJ1cGRhdGVkX2F0IjoxNzAwMDAwMDAwMDAwLCJub25jZSI6Im4wbmNlIiwiYXVkIjoiZ2F0ZWhvdXNlIiwiZXh\
            wIjoxNzk1MjQ2MTI2LCJpYXQiOjE3OTUyNDI1MjYsImlzcyI6Imh0dHBzOi8vYXV0aC5leGFtcGxlLmNvbS9vaWRjIn0.jQbwB7k\
            VnyhQKkfDvNw6-wD5zBiFNKgemRHFX9nVR7OClEAksLUu1_K99r9LYIOG-QJOsnZGrEHT_eWeaNHL8dVw4Rm_y7-vXzlroeBTlJb\
            3dCTSrRYzXzxbXdxbFSHdND29E5bV6ts2JI3n65sHiTFQ4cj0OjSxm3EB1FHr73R99m2g5dugAP3rk23s4bG9ILDXWfF0uERpOsx\
            ihqi1xNeT04ea-CD_BcrXjpFNOJd6Lg-nEgq8oCtnkSrSt7jxY2sc_0NyA_Hk1xDJZCQUJD8IINJKtyg8TP72oBsFVK_DJVMHPco\
            m6ZBIFwOV8a_PXNscfLlzGKG9M4QMd32hkQ
            """
        ),
        (
            "PS384",
            """
            eyJhbGciOiJQUzM4NCIsImtpZCI6InJzYSJ9.eyJzdWIiOiI3MDZsamUwdnF2ZmUiLCJuYW1lIjoiQWxpY2UgTGlkZGVsbCIsImV\
            tYWlsIjpudWxsLCJ1cGRhdGVkX2F0IjoxNzAwMDAwMDAwMDAwLCJub25jZSI6Im4wbmNlIiwiYXVkIjoiZ2F0ZWhvdXNlIiwiZXh\
            wIjoxNzk1MjQ2MTI2LCJpYXQiOjE3OTUyNDI1MjYsImlzcyI6Imh0dHBzOi8vYXV0aC5leGFtcGxlLmNvbS9vaWRjIn0.hkFaIjh\
            BBqrDoz7inolJ-9qRHZnv0bOBZ2wZGrVp0NWQ3fF0ANn9kkUrf5vmuS8hpYh8GRagvG5FUZDC2X4HgfT22g6wQSv89qWXaOejEF5\
            u8tjZmrrvQBV_rP_4ai_fO9tAvPHg0fuIz4Dc2BK1vWB0SWwNWmQBMg2QuekXa9vu-v9reUuDBorDAvCwcg6U1WibafVXGm-FJNJ\
            gy5ex-HWfFWgP7qrAiNOn-CdwiJnp5pJ7FL09hybdSwTy1914r_86oOhqohE1TGf_hS0IG0f15VwDVGJquOV4r_qe3K-5YrdOX1S\
            XWn8j5JSvTatitNANZwZz6rM5y-Nfrs348Q
            """
        ),
        (
            "PS512",
            """
            eyJhbGciOiJQUzUxMiIsImtpZCI6InJzYSJ9.eyJzdWIiOiI3MDZsamUwdnF2ZmUiLCJuYW1lIjoiQWxpY2UgTGlkZGVsbCIsImV\
            tYWlsIjpudWxsLCJ1cGRhdGVkX2F0IjoxNzAwMDAwMDAwMDAwLCJub25jZSI6Im4wbmNlIiwiYXVkIjoiZ2F0ZWhvdXNlIiwiZXh\
            wIjoxNzk1MjQ2MTI2LCJpYXQiOjE3OTUyNDI1MjYsImlzcyI6Imh0dHBzOi8vYXV0aC5leGFtcGxlLmNvbS9vaWRjIn0.m1WNXuO\
            KCgWA097vOsLzfFP6Yvh9sY3pZth1xXn4mM7_d2FYMtMfC3jRJbZgDqzDeBQtsafylCVbekB-_TgtnF-TJfO12fQq6K3t1hnAqU0\
            sXu9Q-yqyIta8vbmP17B4C58mx_gJCGliYXlqQVUv0Xd5h_HmFrKU-5HZxJmX8nfkby6fwZtn6vaXFeiKj0wQIoXggcfFLtUkZsa\
            kTA160njnz8JvD1eus3YGieOw0T22hqIYa8MJOzTgDSMyQrQrZgDmhDRHvJQ3Ock10h-o8XRFrzh1sV_34wbAo0mMv5ogXtXAl81\
            6lHZPoJefGtZCO3RcWo3MbIzK66dEyzlb6A
            """
        ),
        (
            "EdDSA",
            """
            eyJhbGciOiJFZERTQSIsImtpZCI6ImVkd2FyZHMifQ.eyJzdWIiOiI3MDZsamUwdnF2ZmUiLCJuYW1lIjoiQWxpY2UgTGlkZGVsb\
            CIsImVtYWlsIjpudWxsLCJ1cGRhdGVkX2F0IjoxNzAwMDAwMDAwMDAwLCJub25jZSI6Im4wbmNlIiwiYXVkIjoiZ2F0ZWhvdXNlI\
            iwiZXhwIjoxNzk1MjQ2MTI2LCJpYXQiOjE3OTUyNDI1MjYsImlzcyI6Imh0dHBzOi8vYXV0aC5leGFtcGxlLmNvbS9vaWRjIn0.6\
            QTDbwP2zQHJtZKne-oF91bo34rUGZ5b7-Ql7dVbsk6aByohphc7CAPWW4i0ac1LUmIECFX3TeGTyV9uZjrhAg
            """
        ),
    ]
}
