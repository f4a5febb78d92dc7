"""A mail handed to the organisation's own border, as any stranger's server would: SMTP on port 25, nobody logs in.

It carries no secret, so it takes TLS where it is offered, by a certificate that holds, and goes without where not. What
the border answers is a finding of the caller's; only what keeps it from answering is raised, as DoorClosed.
"""

from __future__ import annotations

import smtplib
import ssl

from bot.errors import DoorClosed

PATIENCE = 30.0


def hand_over(host: str, port: int, sender: str, to: str, raw: bytes) -> str:
    """The border's words when it refused the mail, "" when it took it. Raises DoorClosed."""
    try:
        with smtplib.SMTP(host, port, timeout=PATIENCE) as client:
            client.ehlo()
            if client.has_extn("starttls"):
                client.starttls(context=ssl.create_default_context())
            client.sendmail(sender, [to], raw)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        return _words(error)
    except (smtplib.SMTPException, OSError) as error:
        raise DoorClosed(f"{host}:{port} cannot be reached as from outside: {error}") from error
    return ""


def _words(error: smtplib.SMTPException) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, text = error.smtp_code, _bytes(error.smtp_error)
    else:
        return str(error)
    return f"{code} {text.decode('utf-8', 'replace')}"


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
