"""4 `Approved -> Rendered`: what the contact will read, in their language.

::

    catalogue  files              -> message, channel, language      the locale chain (locales)
    sources    text               -> pieces, each with its place     front matter (documents)
    composing  pieces             -> whole                           layouts, blocks, includes
    mjml, markdown, html          -> a mail's page, and its text     once per file; tags pass as words (placeholders)
    programs   pieces             -> compiled, in the sandbox        guard, limits, filters, functions, escaping
                                     what is constant folded in      folding, generating, printing, turns
    email, texts                  -> Content                         for each reader (reading, scope, fields, formats, shapes, phrases),
                                     each held to its medium         headers, sms
    checking   workspace          -> problems, with their places     faults, naming, uses, signs, samples, guessing, translations
"""

from engage.templates.checking import Findings, check, examine
from engage.templates.renderer import Draft, Templates

__all__ = ["Draft", "Findings", "Templates", "check", "examine"]
