"""What a browser loads: at most 150 kB gzipped in all, nothing from elsewhere, under a policy that forbids eval and inline code."""
import gzip
import os
import urllib.request

from harness import Watched, browser, check, finish, server, skip


def main():
    if os.environ.get("SHIP_PUBLIC"):
        skip("browser files come from a folder, module by module, so what the program delivers was not measured")
        return finish()
    with browser() as chromium, server() as s:
        w = Watched(chromium, s).open()
        for place in ("#/", "#/about"):
            w.go(place)
        w.page.wait_for_timeout(500)
        total = 0
        for url in sorted({u for u in w.urls if "/api/" not in u and u.startswith(s.origin)}):
            request = urllib.request.Request(url.split("#")[0], headers={"Accept-Encoding": "gzip"})
            with urllib.request.urlopen(request) as answer:
                body = answer.read()
                total += len(body) if answer.headers.get("Content-Encoding") == "gzip" else len(gzip.compress(body, 9))
                policy = answer.headers.get("Content-Security-Policy", "")
                if url.rstrip("/") == s.origin:
                    check("script-src 'self'" in policy and "style-src 'self'" in policy and "default-src 'none'" in policy and "unsafe" not in policy, "the page comes with the strict policy", policy)
                    check(answer.headers.get("X-Content-Type-Options") == "nosniff", "types are not guessed")
        check(total <= 150_000, f"all files together are {total} bytes gzipped, at most 150,000")
        w.report("delivery")
    finish()


if __name__ == "__main__":
    main()
