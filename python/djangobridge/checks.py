from django.core.checks import Warning

from .review import review


def check_settings(app_configs, **kwargs):
    """Return a warning for each reason why Go refuses this site."""
    return [
        Warning(finding.problem, hint=finding.remedy, id=finding.id)
        for finding in review()
        if finding.level == "fault"
    ]
