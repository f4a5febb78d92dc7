"""The file that `policy new` writes: a small policy that passes `check`, with a comment at everything one may change.

Its telephone numbers are kept for fiction, so that `check` reminds of them until the real ones stand there.
"""

from __future__ import annotations

SKELETON = """\
# One partnership's escalation procedure. Everything it may say stands in docs/policies.md.
#   challenge-bot check                 every fault with its line; nothing is started
#   challenge-bot policy show {id}      reads it back in plain English, with a worked example of dates
#   challenge-bot rehearse STORY.yaml   plays a story of your own on it, in seconds
# A case stays on the text it opened under: change `version` when the document changes.

id: {id}                                 # the name of this file
title: Resolving Professional Differences         # as letters name the document
version: "1"
partnership: Our Safeguarding Children Partnership
source: The procedure, section 1                  # where in the document the times stand
# review_by: 2028-01-31                           # `check` warns when this day is past
timescales: required                              # required, guideline or indicative: how letters speak of the times
# used_at_opening: 2 working days                 # days of the ceilings that are used before a challenge is written

# Whom to ring if a child may be at risk now, for each area code. It stands in every letter.
emergency:
  XX:
    front_door:
      name: Children's Front Door
      phone: 01632 960101                         # put the real number
      hours: {{mon: "09:00-17:00", tue: "09:00-17:00", wed: "09:00-17:00", thu: "09:00-17:00", fri: "09:00-16:30"}}
    out_of_hours: {{name: Emergency Duty Team, phone: 01632 960102}}

intake:
  subjects: [Professional Safeguarding Challenge] # subjects that open a case
  # tiers:                                        # times that a subject may ask for
  #   - {{window: 24 hours, needs: [rationale]}}
  #   - {{window: 10 working days}}
  # tier_when_missing: 24 hours
  # asks: [child_status]                          # both sides are asked whether the child has a plan or is looked after

# What the procedure is not for; the acknowledgement says it.
# exclusions:
#   - {{what: Whistleblowing, where: your own agency's procedure}}

# A shorter course for child protection; only the executive lead's NOT CHILD PROTECTION ends it.
# executive_lead: director
# tracks:
#   - {{flag: child_protection, window: 24 hours, stages: [leads]}}

filing: {{when: close, content: minimal}}           # what the business unit's inbox gets, and when

# The steps in their order. A time has always its unit: 24 hours, 5 working days, 5 days (calendar days), 1 month.
stages:
  - id: managers
    name: "Stage 1: Line Managers"                # as letters name it
    raising_role: line_manager                    # who acts for the side that raises it
    responding_role: line_manager                 # who answers
    respond_within: 5 working days
    # source: local                               # where the document itself gives no time
    # ceiling: 7 working days                     # the latest end, from receipt of the challenge
    # clocks:                                     # other times inside the stage; they remind and call in nobody
    #   - {{id: contact, says: speak with the person who raised it, side: responding, window: 2 working days}}
    # notify:                                     # copies for others
    #   - {{role: iro, when: enter, condition: child_protection_or_looked_after}}
    # skip_to: {{to: partnership, condition: {{urgent: true}}}}
    next: leads

  - id: leads
    name: "Stage 2: Safeguarding Leads"
    opens_on: [Stage 2]                           # words in a subject that open the case here
    raising_role: designated_safeguarding_lead
    responding_role: designated_safeguarding_lead
    respond_within: 5 working days
    next: partnership

  - id: partnership
    name: "Stage 3: The Partnership"
    opens_on: [Stage 3]
    level: partnership                            # its letter asks the business manager to bring in the partners
    raising_role: designated_safeguarding_lead
    responding_role: [business_manager, business_unit]
    # decider: chair                              # whose DECIDED: ends the matter
    respond_within: 10 working days
"""
