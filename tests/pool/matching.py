# Rules that fire for some requests: by operation, user, client, flow or
# challenge, for the n-th such request, a limited number of times. Faults and
# scripted answers are both lists of such rules.
# SPDX-License-Identifier: MIT

FIELDS = ("operation", "username", "client_id", "flow", "challenge", "listener", "connection")


class Rule:
    def __init__(self, body):
        self.body = body
        self.match = dict(body.get("match") or {})
        unknown = set(self.match) - set(FIELDS) - {"nth"}
        if unknown:
            raise ValueError(f"unknown match: {', '.join(sorted(unknown))}")
        self.nth = self.match.pop("nth", None)
        self.left = body.get("count", 1)
        self.seen = 0

    def fires(self, facts):
        if any(facts.get(field) != value for field, value in self.match.items()):
            return False
        self.seen += 1
        return self.nth is None or self.seen == self.nth


class Rules:
    """A list of rules; count 0 means until cleared."""

    def __init__(self):
        self.rules = []

    def add(self, body):
        self.rules.append(Rule(body))

    def put_first(self, body):
        self.rules.insert(0, Rule(body))

    def clear(self):
        self.rules.clear()

    def take(self, facts):
        for rule in self.rules:
            if rule.fires(facts):
                if rule.left:
                    rule.left -= 1
                    if rule.left == 0:
                        self.rules.remove(rule)
                return rule.body
        return None
