"""AES-ECB as the firmware is given it, on both runtimes."""

try:
    from cryptolib import aes

    def aes_ecb(key):
        return aes(key, 1)

except ImportError:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import ECB

    class _Ecb:
        def __init__(self, key):
            self._encryptor = Cipher(AES(bytes(key)), ECB()).encryptor()

        def encrypt(self, source, target):
            target[:] = self._encryptor.update(bytes(source))

    def aes_ecb(key):
        return _Ecb(key)
