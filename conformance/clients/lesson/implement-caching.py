import time
class SecretCache:
    _cache = {}
    _ttl_seconds = 300 # 5 minutes
    def get(self, name: str) -> str:
        cached = self._cache.get(name)
        if cached and time.time() - cached["fetched_at"] < self._ttl_seconds:
            return cached["value"]
        value = secret_client.get_secret(name).value
        self._cache[name] = {"value": value, "fetched_at": time.time()}
        return value
